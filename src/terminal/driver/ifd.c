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
	uint8_t atr[TRM_READER_SLOTS][ATR_MAX];
	size_t atr_n[TRM_READER_SLOTS];
} entries[READERS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct entry *find(DWORD lun)
{
	struct entry *e = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < READERS; i++) {
		if (entries[i].reader != NULL && entries[i].number == lun >> 16)
			e = &entries[i];
	}
	pthread_mutex_unlock(&lock);
	return (lun & 0xffff) < TRM_READER_SLOTS ? e : NULL;
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

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	struct entry *place = find(Lun & ~(DWORD)0xffff);
	struct trm_reader *reader = NULL;
	uk_err err;

	if (place != NULL)
		return slot_of(Lun) < TRM_READER_SLOTS
			   ? IFD_SUCCESS /* the second slot of the same */
			   : IFD_COMMUNICATION_ERROR;
	err = trm_reader_open(DeviceName, &reader);
	if (!uk_is_ok(err))
		return IFD_COMMUNICATION_ERROR;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < READERS && place == NULL; i++) {
		if (entries[i].reader == NULL)
			place = &entries[i];
	}
	if (place != NULL)
		*place = (struct entry){ .reader = reader,
			.number = (unsigned)(Lun >> 16) };
	pthread_mutex_unlock(&lock);
	if (place == NULL)
		trm_reader_close(&reader);
	return place == NULL ? IFD_COMMUNICATION_ERROR : IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	(void)Lun, (void)Channel;
	return IFD_COMMUNICATION_ERROR; /* a name is needed */
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
	struct entry *e = find(Lun);
	struct trm_reader *reader = NULL;

	/* pcscd closes each slot; the reader goes with the first. */
	if (e == NULL || slot_of(Lun) != 0)
		return IFD_SUCCESS;
	pthread_mutex_lock(&lock);
	reader = e->reader;
	e->reader = NULL;
	pthread_mutex_unlock(&lock);
	trm_reader_close(&reader);
	return IFD_SUCCESS;
}

/* --- cards --------------------------------------------------------------- */

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
	struct entry *e = find(Lun);

	return e != NULL && trm_reader_present(e->reader, slot_of(Lun))
		   ? IFD_ICC_PRESENT
		   : IFD_ICC_NOT_PRESENT;
}

static RESPONSECODE power_down(struct entry *e, unsigned slot)
{
	uint8_t storage[16], error;
	uk_buf none = UK_BUF(storage);

	e->atr_n[slot] = 0;
	/* Without a terminal there is no power either. */
	UK_IGNORE(trm_reader_request(
	    e->reader, slot, UK_CCID_POWER_OFF, UK_NONE, &none, &error));
	return IFD_SUCCESS;
}

static RESPONSECODE power_up(struct entry *e, unsigned slot)
{
	uk_buf atr = UK_BUF(e->atr[slot]);
	uint8_t error;
	uk_err err = trm_reader_request(
	    e->reader, slot, UK_CCID_POWER_ON, UK_NONE, &atr, &error);

	e->atr_n[slot] = uk_is_ok(err) ? atr.len : 0;
	return uk_is_ok(err) ? IFD_SUCCESS : IFD_ERROR_POWER_ACTION;
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	struct entry *e = find(Lun);
	unsigned slot = slot_of(Lun);
	RESPONSECODE rc;
	uk_buf out;

	*AtrLength = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	if (Action == IFD_POWER_DOWN)
		return power_down(e, slot);
	if (Action != IFD_POWER_UP && Action != IFD_RESET)
		return IFD_NOT_SUPPORTED;
	rc = power_up(e, slot);
	out = uk_buf_over(Atr, ATR_MAX);
	uk_put(&out, uk_view(e->atr[slot], e->atr_n[slot]));
	*AtrLength = out.len;
	return rc;
}

/* The terminal speaks with the card by itself, in whatever protocol. */
RESPONSECODE IFDHSetProtocolParameters(
    DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3)
{
	(void)Flags, (void)PTS1, (void)PTS2, (void)PTS3;
	if (find(Lun) == NULL)
		return IFD_COMMUNICATION_ERROR;
	return Protocol == SCARD_PROTOCOL_T0 || Protocol == SCARD_PROTOCOL_T1
		   ? IFD_SUCCESS
		   : IFD_PROTOCOL_NOT_SUPPORTED;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci,
    PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer, PDWORD RxLength,
    PSCARD_IO_HEADER RecvPci)
{
	struct entry *e = find(Lun);
	uk_buf answer = uk_buf_over(RxBuffer, *RxLength);
	uint8_t error;
	uk_err err;

	*RxLength = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	err = trm_reader_request(e->reader, slot_of(Lun), UK_CCID_XFR_BLOCK,
	    uk_view(TxBuffer, TxLength), &answer, &error);
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
	struct entry *e = find(Lun);
	uk_buf out = uk_buf_over(RxBuffer, RxLength);
	uk_err err;

	*pdwBytesReturned = 0;
	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	err = trm_control(e->reader, slot_of(Lun), (uint32_t)dwControlCode,
	    uk_view(TxBuffer, TxLength), &out);
	if (!uk_is_ok(err))
		return uk_is(err, UK_ERR_UNSUPPORTED) ? IFD_ERROR_NOT_SUPPORTED
						      : code_of(err);
	*pdwBytesReturned = out.len;
	return IFD_SUCCESS;
}

/* --- capabilities -------------------------------------------------------- */

static RESPONSECODE poll_slot(DWORD Lun, int timeout)
{
	struct entry *e = find(Lun);

	if (e == NULL)
		return IFD_COMMUNICATION_ERROR;
	trm_reader_wait(e->reader, slot_of(Lun), timeout);
	return IFD_SUCCESS;
}

static RESPONSECODE stop_polling(DWORD Lun)
{
	struct entry *e = find(Lun);

	if (e != NULL)
		trm_reader_wake(e->reader, slot_of(Lun));
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

RESPONSECODE IFDHGetCapabilities(
    DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	static const uint8_t slots = TRM_READER_SLOTS, yes = 1,
			     readers = READERS;
	static RESPONSECODE (*const polling)(DWORD, int) = poll_slot;
	static RESPONSECODE (*const stopping)(DWORD) = stop_polling;
	struct entry *e = find(Lun);

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
		return e == NULL ? IFD_COMMUNICATION_ERROR
				 : put_value(Length, Value,
				       uk_view(e->atr[slot_of(Lun)],
					   e->atr_n[slot_of(Lun)]));
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
