/* Namespaces, mounts, a configuration, and the service in them. */
#include "vc_pcscd.h"

#include "bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <winscard.h>

#define PROGRAM "/usr/sbin/pcscd"
#define DRIVER  "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
#define RUN     "/run/pcscd"
#define USB     "/usr/lib/pcsc/drivers/ifd-ccid.bundle"
#define CONFIG  "ipc/conf"

enum {
	DEFAULT_PORT = 35963,
	FIRST_PORT = 36000,
	PORTS = 20000,
	LISTEN_FD = 3,
	LOG_SHOWN = 2000
};

/* --- namespaces ------------------------------------------------------------
 */

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* A user who may do nothing is, in a namespace of his own, one who may do all
 * of it to what is in it. */
static bool become_root(uid_t uid, gid_t gid)
{
	char uids[64], gids[64];

	(void)snprintf(uids, sizeof(uids), "0 %lu 1", (unsigned long)uid);
	(void)snprintf(gids, sizeof(gids), "0 %lu 1", (unsigned long)gid);
	return write_to("/proc/self/setgroups", "deny") &&
	       write_to("/proc/self/uid_map", uids) &&
	       write_to("/proc/self/gid_map", gids);
}

static bool bring_up_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static bool go_apart(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) !=
	    0)
		return false;
	return (uid == 0 || become_root(uid, gid)) && bring_up_loopback();
}

/* May the service mount? Tried in a child: there is no way back from it. */
static bool may_go_apart(void)
{
	struct vc_child c = { .pid = fork() };

	if (c.pid == 0)
		_exit(go_apart() && unshare(CLONE_NEWNS) == 0 &&
			      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE,
				  NULL) == 0
			  ? 0
			  : 1);
	while (!vc_child_has_ended(&c))
		(void)usleep(1000);
	return vc_child_code(&c) == 0;
}

/* In the service's process: our folder at the place where it listens, and no
 * real readers in sight. */
static bool mount_all(const struct vc_pcscd *p)
{
	char ipc[VC_PATH_MAX], source[64];
	int fd;

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	/* It may lie below /run, which may have to be covered. */
	vc_folder_name(p->folder, "ipc", ipc);
	fd = open(ipc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (fd < 0)
		return false;
	if (access(RUN, F_OK) != 0 &&
	    (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0 ||
		mkdir(RUN, 0755) != 0))
		return false;
	if (access(USB, F_OK) == 0)
		(void)mount("tmpfs", USB, "tmpfs", 0, "mode=755");
	return mount(source, RUN, NULL, MS_BIND, NULL) == 0;
}

/* --- without namespaces ----------------------------------------------------
 */

static bool is_free(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static bool are_free(unsigned port, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_free(port + (unsigned)i))
			return false;
	}
	return true;
}

/* Begins somewhere else in every process, so that many may start at once. */
static unsigned find_ports(size_t n)
{
	unsigned offset = (unsigned)getpid() * 16 % PORTS;

	while (!are_free(FIRST_PORT + offset, n))
		offset = (offset + 16) % PORTS;
	return FIRST_PORT + offset;
}

/* systemd's socket activation: sd_listen_fds(3). */
static bool hand_listener(const struct vc_pcscd *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char pid[24];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (fd < 0 ||
	    !uk_is_ok(uk_copy_str(
		a.sun_path, sizeof(a.sun_path), uk_view_str(p->socket))) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, SOMAXCONN) != 0)
		return false;
	if (fd != LISTEN_FD && dup2(fd, LISTEN_FD) < 0)
		return false;
	return setenv("LISTEN_PID", pid, 1) == 0 &&
	       setenv("LISTEN_FDS", "1", 1) == 0;
}

/* --- the service -----------------------------------------------------------
 */

static bool prepare(void *arg)
{
	const struct vc_pcscd *p = arg;
	char log[VC_PATH_MAX];
	int fd;

	vc_folder_name(p->folder, "log", log);
	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		return false;
	return p->apart ? mount_all(p) : hand_listener(p);
}

static uk_err write_config(const struct vc_pcscd *p)
{
	char text[256], path[VC_PATH_MAX];

	(void)snprintf(text, sizeof(text),
	    "FRIENDLYNAME \"Virtual PCD\"\n"
	    "DEVICENAME /dev/null:%u\nLIBPATH " DRIVER "\nCHANNELID %u\n",
	    p->port, p->port);
	vc_folder_name(p->folder, "ipc", path);
	if (mkdir(path, 0755) != 0)
		return uk_fail(UK_ERR_IO);
	vc_folder_name(p->folder, CONFIG, path);
	if (mkdir(path, 0755) != 0)
		return uk_fail(UK_ERR_IO);
	return vc_folder_write(p->folder, CONFIG "/vpcd", text);
}

uk_err vc_pcscd_start(
    struct vc_pcscd *p, struct vc_folder *folder, size_t cards)
{
	char config[VC_PATH_MAX], program[] = PROGRAM, fg[] = "--foreground",
				  info[] = "--info", option[] = "--config";
	char *argv[] = { program, fg, info, option, config, NULL };

	*p = (struct vc_pcscd){ .folder = folder, .port = DEFAULT_PORT };
	if (access(PROGRAM, X_OK) != 0 || access(DRIVER, R_OK) != 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	if (cards > VC_PCSCD_SLOTS)
		return uk_fail(UK_ERR_TOO_SMALL);
	p->apart = may_go_apart() && go_apart();
	if (!p->apart)
		p->port = find_ports(VC_PCSCD_SLOTS);
	vc_folder_name(folder, VC_PCSCD_SOCKET, p->socket);
	vc_folder_name(folder, CONFIG, config);
	if (p->apart) /* where mount_all puts it */
		UK_TRY(uk_copy_str(
		    config, sizeof(config), uk_view_str(RUN "/conf")));
	UK_TRY(write_config(p));
	return vc_child_start(argv, SIGKILL, prepare, p, &p->service);
}

bool vc_pcscd_has_ended(struct vc_pcscd *p)
{
	return vc_child_has_ended(&p->service);
}

void vc_pcscd_end(struct vc_pcscd *p)
{
	vc_child_end(&p->service);
}

void vc_pcscd_show_log(const struct vc_folder *folder)
{
	char path[VC_PATH_MAX], text[LOG_SHOWN + 1];
	FILE *f;
	size_t n;

	vc_folder_name(folder, "log", path);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	(void)fseek(f, -LOG_SHOWN, SEEK_END); /* shorter: from its beginning */
	n = fread(text, 1, LOG_SHOWN, f);
	text[n] = '\0';
	(void)fclose(f);
	(void)fputs(text, stderr);
}

/* --- what it sees ----------------------------------------------------------
 */

static size_t count_cards(SCARDCONTEXT ctx)
{
	char names[4096];
	DWORD n = sizeof(names);
	size_t cards = 0;

	if (SCardListReaders(ctx, NULL, names, &n) != SCARD_S_SUCCESS)
		return 0;
	for (const char *name = names; *name != '\0';
	     name = &name[strlen(name) + 1]) {
		SCARD_READERSTATE s = { .szReader = name };

		if (SCardGetStatusChange(ctx, 0, &s, 1) == SCARD_S_SUCCESS &&
		    (s.dwEventState & SCARD_STATE_PRESENT) != 0 && s.cbAtr > 0)
			cards++;
	}
	return cards;
}

/* libpcsclite remembers that the service was not there, but looks again. */
bool vc_pcscd_sees(const struct vc_folder *folder, size_t cards)
{
	char socket[VC_PATH_MAX];
	SCARDCONTEXT ctx;
	bool sees;

	vc_folder_name(folder, VC_PCSCD_SOCKET, socket);
	if (access(socket, F_OK) != 0 ||
	    setenv(VC_PCSCD_VARIABLE, socket, 1) != 0 ||
	    SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx) !=
		SCARD_S_SUCCESS)
		return false;
	sees = count_cards(ctx) >= cards;
	(void)SCardReleaseContext(ctx);
	return sees;
}
