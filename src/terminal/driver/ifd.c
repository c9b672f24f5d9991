/*
 * The IFD handler, API version 3 of pcsc-lite (ifdhandler.h): how pcscd drives
 * readers. A Lun is reader << 16 | slot.
 *
 * Rules that pcscd does not write down: a channel is created whether or not a
 * terminal is there, because nothing makes pcscd try again; a card that cannot
 * be seen is absent; a power down never fails; IFD_NO_SUCH_DEVICE is never
 * answered, because pcscd then removes the reader for good.
 */
#include "controls.h"

#include "mem.h"

#include <pthread.h>
#include <reader.h>
/* What pcscd looks for; everything else of ours is hidden. */
#pragma GCC visibility push(default)
#include <ifdhandler.h>
#pragma GCC visibility pop

enum { READERS = 16, ATR_MAX = 33 };

static struct entry {
	struct trm_reader *reader;
	unsigned number;
	unsigned channels; /* slots that pcscd has open */
	unsigned users;    /* threads that are in the reader */
	uint8_t atr[TRM_READER_SLOTS][ATR_MAX];
	size_t atr_n[TRM_READER_SLOTS];
} entries[READERS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all of it */
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;

static struct entry *find_locked(DWORD lun)
{
	for (size_t i = 0; i < READERS; i++) {
		if (entries[i].reader != NULL && entries[i].number == lun >> 16)
			return &entries[i];
	}
	return NULL;
}

/* pcscd closes a channel while another thread still waits for a card or a PIN:
 * who is in is counted. NULL: there is no such reader (any more). */
static struct entry *enter(DWORD lun)
{
	struct entry *e = NULL;

	if ((lun & 0xffff) >= TRM_READER_SLOTS)
		return NULL;
	pthread_mutex_lock(&lock);
	e = find_locked(lun);
	if (e != NULL && e->channels == 0)
		e = NULL; /* it is being closed */
	if (e != NULL)
		e->users++;
	pthread_mutex_unlock(&lock);
	return e;
}

static void leave(struct entry *e)
{
	pthread_mutex_lock(&lock);
	e->users--;
	pthread_cond_broadcast(&left);
	pthread_mutex_unlock(&lock);
}

static unsigned slot_of(DWORD lun)
{
	return (unsigned)(lun & 0xffff);
}

/* Foreign error language: pcsc-lite's IFD_ codes. */
static RESPONSECODE code_of(uk_err err)
{
	switch (err.code) {
	case UK_OK:
		return IFD_SUCCESS;
	case UK_ERR_NO_READER:
	case UK_ERR_CARD_MUTE:
		return IFD_ICC_NOT_PRESENT;
	case UK_ERR_TIMEOUT:
		return IFD_RESPONSE_TIMEOUT;
	case UK_ERR_UNSUPPORTED:
		return IFD_NOT_SUPPORTED;
	case UK_ERR_TOO_SMALL:
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	default:
		return IFD_COMMUNICATION_ERROR;
	}
}

/* --- channels ------------------------------------------------------------ */

static struct entry *find_place_locked(void)
{
	for (size_t i = 0; i < READERS; i++) {
		if (entries[i].reader == NULL)
			return &entries[i];
	}
	return NULL;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	RESPONSECODE rc = IFD_COMMUNICATION_ERROR;
	struct trm_reader *reader = NULL;
	struct entry *e;

	if (slot_of(Lun) >= TRM_READER_SLOTS)
		return rc;
	pthread_mutex_lock(&lock);
	e = find_locked(Lun);
	if (e != NULL) { /* another slot of the same */
		e->channels++;
		rc = IFD_SUCCESS;
	} else if ((e = find_place_locked()) != NULL &&
		   uk_is_ok(trm_reader_open(DeviceName, &reader))) {
		*e = (struct entry){ .reader = reader,
			.number = (unsigned)(Lun >> 16),
			.channels = 1 };
		rc = IFD_SUCCESS;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	(void)Lun, (void)Channel;
	return IFD_COMMUNICATION_ERROR; /* a name is needed */
}

/* The reader goes with the last of its slots. */
RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
	struct trm_reader *reader = NULL;
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = find_locked(Lun);
	if (e != NULL && e->channels > 0 && --e->channels == 0) {
		trm_reader_stop(e->reader);
		while (e->users > 0)
			pthread_cond_wait(&left, &lock);
		reader = e->reader;
		e->reader = NULL;
	}
	pthread_mutex_unlock(&lock);
	trm_reader_close(&reader);
	return IFD_SUCCESS;
}

/* --- cards --------------------------------------------------------------- */

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
	struct entry *e = enter(Lun);
	bool present;

	if (e == NULL)
		return IFD_ICC_NOT_PRESENT;
	present = trm_reader_present(e->reader, slot_of(Lun));
	leave(e);
	return present ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

static void keep_atr(struct entry *e, unsigned slot, uk_bytes atr)
{
	uk_buf out = UK_BUF(e->atr[slot]);

	pthread_mutex_lock(&lock);
	uk_put(&out, atr);
	e->atr_n[slot] = out.len;
	pthread_mutex_unlock(&lock);
}

static RESPONSECODE power_down(struct entry *e, unsigned slot)
{
	uint8_t storage[16], error;
	uk_buf none = UK_BUF(storage);

	keep_atr(e, slot, UK_NONE);
	/* Without a terminal there is no power either. */
	UK_IGNORE(trm_reader_request(
	    e->reader, slot, UK_CCID_POWER_OFF, UK_NONE, &none, &error));
	return IFD_SUCCESS;
}

static RESPONSECODE power_up(struct entry *e, unsigned slot, uk_buf *atr)
{
	uint8_t error;
	uk_err err = trm_reader_request(
	    e->reader, slot, UK_CCID_POWER_ON, UK_NONE, atr, &error);

	if (!uk_is_ok(err))
		atr->len = 0;
	keep_atr(e, slot, uk_buf_view(atr));
	return uk_is_ok(err) ? IFD_SUCCESS : IFD_ERROR_POWER_ACTION;
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	struct entry *e = enter(Lun);
	uk_buf atr = uk_buf_over(Atr, ATR_MAX);
	RESPONSECODE rc = IFD_NOT_SUPPORTED;

	*AtrLength = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	if (Action == IFD_POWER_DOWN)
		rc = power_down(e, slot_of(Lun));
	else if (Action == IFD_POWER_UP || Action == IFD_RESET)
		rc = power_up(e, slot_of(Lun), &atr);
	leave(e);
	*AtrLength = atr.len;
	return rc;
}

/* The terminal speaks with the card by itself, in whatever protocol. */
RESPONSECODE IFDHSetProtocolParameters(
    DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3)
{
	(void)Lun, (void)Flags, (void)PTS1, (void)PTS2, (void)PTS3;
	return Protocol == SCARD_PROTOCOL_T0 || Protocol == SCARD_PROTOCOL_T1
		   ? IFD_SUCCESS
		   : IFD_PROTOCOL_NOT_SUPPORTED;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci,
    PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer, PDWORD RxLength,
    PSCARD_IO_HEADER RecvPci)
{
	struct entry *e = enter(Lun);
	uk_buf answer = uk_buf_over(RxBuffer, *RxLength);
	uint8_t error;
	uk_err err;

	*RxLength = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	err = trm_reader_request(e->reader, slot_of(Lun), UK_CCID_XFR_BLOCK,
	    uk_view(TxBuffer, TxLength), &answer, &error);
	leave(e);
	if (!uk_is_ok(err))
		return code_of(err);
	*RxLength = answer.len;
	if (RecvPci != NULL)
		RecvPci->Protocol = SendPci.Protocol;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer,
    DWORD TxLength, PUCHAR RxBuffer, DWORD RxLength, LPDWORD pdwBytesReturned)
{
	struct entry *e = enter(Lun);
	uk_buf out = uk_buf_over(RxBuffer, RxLength);
	uk_err err;

	*pdwBytesReturned = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	err = trm_control(e->reader, slot_of(Lun), (uint32_t)dwControlCode,
	    uk_view(TxBuffer, TxLength), &out);
	leave(e);
	if (!uk_is_ok(err))
		return uk_is(err, UK_ERR_UNSUPPORTED) ? IFD_ERROR_NOT_SUPPORTED
						      : code_of(err);
	*pdwBytesReturned = out.len;
	return IFD_SUCCESS;
}

/* --- capabilities -------------------------------------------------------- */

static RESPONSECODE poll_slot(DWORD Lun, int timeout)
{
	struct entry *e = enter(Lun);

	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	trm_reader_wait(e->reader, slot_of(Lun), timeout);
	leave(e);
	return IFD_SUCCESS;
}

static RESPONSECODE stop_polling(DWORD Lun)
{
	struct entry *e = enter(Lun);

	if (e != NULL) {
		trm_reader_wake(e->reader, slot_of(Lun));
		leave(e);
	}
	return IFD_SUCCESS;
}

static RESPONSECODE put_value(PDWORD Length, PUCHAR Value, uk_bytes v)
{
	uk_buf out = uk_buf_over(Value, *Length);

	uk_put(&out, v);
	*Length = out.len;
	return out.bad ? IFD_ERROR_INSUFFICIENT_BUFFER : IFD_SUCCESS;
}

/* pcscd takes an address as so many bytes. */
static RESPONSECODE put_function(
    PDWORD Length, PUCHAR Value, const void *function, size_t n)
{
	return put_value(Length, Value, uk_view(function, n));
}

static RESPONSECODE put_atr(DWORD Lun, PDWORD Length, PUCHAR Value)
{
	RESPONSECODE rc = IFD_COMMUNICATION_ERROR;
	const unsigned slot = slot_of(Lun);
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = find_locked(Lun);
	if (e != NULL && slot < TRM_READER_SLOTS)
		rc = put_value(
		    Length, Value, uk_view(e->atr[slot], e->atr_n[slot]));
	pthread_mutex_unlock(&lock);
	return rc;
}

RESPONSECODE IFDHGetCapabilities(
    DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	static const uint8_t slots = TRM_READER_SLOTS, yes = 1,
			     readers = READERS;
	static RESPONSECODE (*const polling)(DWORD, int) = poll_slot;
	static RESPONSECODE (*const stopping)(DWORD) = stop_polling;

	switch (Tag) {
	case TAG_IFD_SIMULTANEOUS_ACCESS:
		return put_value(Length, Value, uk_view(&readers, 1));
	case TAG_IFD_SLOTS_NUMBER:
		return put_value(Length, Value, uk_view(&slots, 1));
	case TAG_IFD_THREAD_SAFE:
	case TAG_IFD_SLOT_THREAD_SAFE:
		return put_value(Length, Value, uk_view(&yes, 1));
	case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
		return put_function(Length, Value, &polling, sizeof(polling));
	case TAG_IFD_STOP_POLLING_THREAD:
		return put_function(Length, Value, &stopping, sizeof(stopping));
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		return put_atr(Lun, Length, Value);
	case SCARD_ATTR_VENDOR_NAME:
		return put_value(Length, Value, UK_ARRAY("ukey"));
	default:
		return IFD_ERROR_TAG;
	}
}

RESPONSECODE IFDHSetCapabilities(
    DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
	(void)Lun, (void)Tag, (void)Length, (void)Value;
	return IFD_NOT_SUPPORTED;
}
