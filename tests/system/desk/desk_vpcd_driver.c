/*
 * vpcd, as a reader that can be unplugged: a driver for pcscd that hands
 * everything on, and says that it cannot reach its device while the file
 * DESK_UNPLUGGED is there.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include <ifdhandler.h>

static void *vpcd(const char *name)
{
	static void *library;

	if (library == NULL)
		library = dlopen(VPCD_DRIVER, RTLD_NOW | RTLD_LOCAL);
	return library == NULL ? NULL : dlsym(library, name);
}

#define CALL(name, types, ...)                                                 \
	do {                                                                   \
		RESPONSECODE(*f) types;                                        \
		*(void **)&f = vpcd(#name);                                    \
		return f == NULL ? IFD_COMMUNICATION_ERROR : f(__VA_ARGS__);   \
	} while (0)

RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR device)
{
	CALL(IFDHCreateChannelByName, (DWORD, LPSTR), lun, device);
}

RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
	CALL(IFDHCreateChannel, (DWORD, DWORD), lun, channel);
}

RESPONSECODE IFDHCloseChannel(DWORD lun)
{
	CALL(IFDHCloseChannel, (DWORD), lun);
}

RESPONSECODE IFDHGetCapabilities(
    DWORD lun, DWORD tag, PDWORD length, PUCHAR value)
{
	CALL(IFDHGetCapabilities, (DWORD, DWORD, PDWORD, PUCHAR), lun, tag,
	    length, value);
}

RESPONSECODE IFDHSetCapabilities(
    DWORD lun, DWORD tag, DWORD length, PUCHAR value)
{
	CALL(IFDHSetCapabilities, (DWORD, DWORD, DWORD, PUCHAR), lun, tag,
	    length, value);
}

RESPONSECODE IFDHSetProtocolParameters(
    DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2, UCHAR pts3)
{
	CALL(IFDHSetProtocolParameters,
	    (DWORD, DWORD, UCHAR, UCHAR, UCHAR, UCHAR), lun, protocol, flags,
	    pts1, pts2, pts3);
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD length)
{
	CALL(IFDHPowerICC, (DWORD, DWORD, PUCHAR, PDWORD), lun, action, atr,
	    length);
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, PUCHAR tx,
    DWORD tx_length, PUCHAR rx, PDWORD rx_length, PSCARD_IO_HEADER receive)
{
	CALL(IFDHTransmitToICC,
	    (DWORD, SCARD_IO_HEADER, PUCHAR, DWORD, PUCHAR, PDWORD,
		PSCARD_IO_HEADER),
	    lun, send, tx, tx_length, rx, rx_length, receive);
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR tx, DWORD tx_length,
    PUCHAR rx, DWORD rx_length, LPDWORD returned)
{
	CALL(IFDHControl, (DWORD, DWORD, PUCHAR, DWORD, PUCHAR, DWORD, LPDWORD),
	    lun, code, tx, tx_length, rx, rx_length, returned);
}

RESPONSECODE IFDHICCPresence(DWORD lun)
{
	const char *unplugged = getenv("DESK_UNPLUGGED");

	if (unplugged != NULL && access(unplugged, F_OK) == 0)
		return IFD_COMMUNICATION_ERROR;
	CALL(IFDHICCPresence, (DWORD), lun);
}
