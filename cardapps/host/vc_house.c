/* One loop for everything that may happen to cards. */
#include "vc_house.h"

#include "vc_control.h"

#include <signal.h>
#include <unistd.h>

enum { FD_SIGNAL, FD_CONTROL, FD_PLUGS, NS_PER_MS = 1000000 };

void vc_house_init(struct vc_house *h)
{
	*h = (struct vc_house){ .signals = -1, .control = -1 };
}

uk_err vc_house_catch(struct vc_house *h, const int *signals)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (; *signals != 0; signals++)
		(void)sigaddset(&set, *signals);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return h->signals < 0 ? uk_fail(UK_ERR_IO) : uk_ok();
}

void vc_house_close(struct vc_house *h)
{
	vc_reader_close(&h->reader);
	for (size_t i = 0; i < h->count; i++) {
		vc_vpcd_close(&h->vpcds[i]);
		vc_plug_close(&h->plugs[i]);
	}
	h->count = 0;
	if (h->control >= 0)
		(void)close(h->control);
	if (h->signals >= 0)
		(void)close(h->signals);
	h->control = h->signals = -1;
}

uk_err vc_house_add(struct vc_house *h, struct vc_plug **plug)
{
	if (h->count == VC_PLUGS_MAX) {
		vc_plug_close(plug);
		return uk_fail(UK_ERR_TOO_SMALL);
	}
	h->plugs[h->count++] = *plug;
	*plug = NULL;
	return uk_ok();
}

uk_err vc_house_at_vpcd(struct vc_house *h, const char *host, unsigned port)
{
	size_t last = h->count - 1;

	return vc_vpcd_open(h->plugs[last], host, port, &h->vpcds[last]);
}

bool vc_house_connect(struct vc_house *h)
{
	bool all = true;

	for (size_t i = 0; i < h->count; i++) {
		bool connected = h->vpcds[i] == NULL ||
				 vc_vpcd_connect(h->vpcds[i]);

		all = all && (connected || !h->plugs[i]->inserted);
	}
	return all;
}

/* --- one round -------------------------------------------------------------
 */

/* vpcd is not read from while the card is at work. */
static int fd_of(const struct vc_house *h, size_t i)
{
	if (h->vpcds[i] == NULL || vc_plug_busy(h->plugs[i]))
		return -1;
	return h->vpcds[i]->fd;
}

/* Not longer than until the first answer is due. */
static int shorten(const struct vc_house *h, int timeout_ms)
{
	int64_t now = vc_now_ns();

	for (size_t i = 0; i < h->count; i++) {
		int64_t left;

		if (!vc_plug_busy(h->plugs[i]))
			continue;
		left = (h->plugs[i]->due_ns - now + NS_PER_MS - 1) / NS_PER_MS;
		if (left < 0)
			left = 0;
		if (timeout_ms < 0 || left < timeout_ms)
			timeout_ms = (int)left;
	}
	return timeout_ms;
}

static void settle(struct vc_house *h)
{
	int64_t now = vc_now_ns();

	for (size_t i = 0; i < h->count; i++) {
		vc_plug_tick(h->plugs[i], now);
		if (h->vpcds[i] != NULL)
			vc_vpcd_settle(h->vpcds[i]);
	}
	if (h->reader != NULL)
		vc_reader_settle(h->reader);
}

/* true: time to go. */
static bool take_signals(struct vc_house *h)
{
	struct signalfd_siginfo s;
	bool stop = false;

	while (!stop && read(h->signals, &s, sizeof(s)) == sizeof(s))
		stop = h->on_signal == NULL || h->on_signal(h->arg, &s);
	return stop;
}

bool vc_house_serve(struct vc_house *h, int timeout_ms)
{
	struct pollfd fds[FD_PLUGS + VC_PLUGS_MAX + 1 + VC_CLIENTS_MAX];
	size_t clients = FD_PLUGS + h->count, n = clients;

	settle(h);
	fds[FD_SIGNAL] = (struct pollfd){ h->signals, POLLIN, 0 };
	fds[FD_CONTROL] = (struct pollfd){ h->control, POLLIN, 0 };
	for (size_t i = 0; i < h->count; i++)
		fds[FD_PLUGS + i] = (struct pollfd){ fd_of(h, i), POLLIN, 0 };
	if (h->reader != NULL)
		n += vc_reader_poll(h->reader, &fds[clients]);
	if (poll(fds, n, shorten(h, timeout_ms)) <= 0)
		return true;
	/* Cards first: a control may pull the one whose command is waiting. */
	for (size_t i = 0; i < h->count; i++) {
		if (fds[FD_PLUGS + i].revents != 0)
			vc_vpcd_serve(h->vpcds[i]);
	}
	if (h->reader != NULL) {
		vc_reader_serve(h->reader, &fds[clients]);
		vc_reader_settle(h->reader);
	}
	if (fds[FD_CONTROL].revents != 0)
		vc_control_serve(h->control, h);
	return fds[FD_SIGNAL].revents == 0 || !take_signals(h);
}
