/*
 * PIN pads of readers: PC/SC part 10, "IFDs with Secure PIN Entry
 * Capabilities", 2.02.09. What a reader tells about its pad, and the structures
 * that ask it to take a PIN from a person and put it into a command.
 *
 * Control codes in the feature list are big-endian; every other number of part
 * 10 is in the machine's order, which drivers take for little-endian anywhere.
 */
#ifndef UK_PINPAD_H
#define UK_PINPAD_H

#include "bytes.h"

/* CM_IOCTL_GET_FEATURE_REQUEST as pcsc-lite numbers it: SCARD_CTL_CODE(3400) */
enum { UK_CTL_FEATURES = 0x42000000 + 3400 };

enum {
	UK_PINPAD_TEMPLATE_MAX = 5 + 2 * 16,
	/* longest structure: PIN_MODIFY_STRUCTURE and its command */
	UK_PINPAD_ENTRY_MAX = 24 + UK_PINPAD_TEMPLATE_MAX,
	UK_PINPAD_ANSWER_MAX = 264
};

/* Control codes; 0 = the reader does not have it. */
struct uk_pinpad_features {
	uint32_t verify;         /* FEATURE_VERIFY_PIN_DIRECT */
	uint32_t modify;         /* FEATURE_MODIFY_PIN_DIRECT */
	uint32_t properties;     /* FEATURE_IFD_PIN_PROPERTIES */
	uint32_t tlv_properties; /* FEATURE_GET_TLV_PROPERTIES */
};

/* Part 10, 2.2: { tag, 04, code }*. One length that is not what it should be
 * spoils the list: UK_ERR_FORMAT, and *out says that there is nothing. Features
 * we do not know are passed over. */
UK_RESULT uk_pinpad_parse_features(
    uk_bytes answer, struct uk_pinpad_features *out);

struct uk_pinpad_limits {
	uint8_t pin_min, pin_max; /* 0 = the reader does not say */
	/* Ways to end the entry, 2.5.5: 1 length reached, 2 key, 4 time */
	uint8_t validation;
};

/* PIN_PROPERTIES_STRUCTURE, 2.5.5; only `validation` is changed. */
UK_RESULT uk_pinpad_parse_properties(
    uk_bytes answer, struct uk_pinpad_limits *out);
/* Answer to GET_TLV_PROPERTIES, 2.6.14; nothing is changed on failure. */
UK_RESULT uk_pinpad_parse_tlv(uk_bytes answer, struct uk_pinpad_limits *out);

/*
 * A command that a PIN shall be put into: the four bytes of its header, and a
 * data field of one or two blocks of FF, where the person's ASCII digits go,
 * left-justified. A block of sixteen can hold fifteen of them at most, because
 * the structure has four bits for its size; the last byte stays FF.
 */
struct uk_pinpad_entry {
	uint8_t cla, ins, p1, p2;
	bool asks_old; /* first block: the present PIN, entered once */
	bool asks_new; /* last block: the new PIN, entered twice */
	uint8_t pin_min, pin_max; /* digits that the card takes */
	uint8_t timeout_s;
	uint8_t block; /* bytes, at most 16; 0: 16 */
};

/* PIN_VERIFY_STRUCTURE if only asks_old, else PIN_MODIFY_STRUCTURE.
 * UK_ERR_UNSUPPORTED if pad and card agree on no length. */
UK_RESULT uk_pinpad_put_entry(const struct uk_pinpad_entry *e,
    const struct uk_pinpad_limits *pad, uk_buf *out);

/* What came back: the pad's own answers (2.5.2) are 6400 UK_ERR_TIMEOUT, 6401
 * UK_ERR_CANCELLED, 6402 (the two entries of a new PIN differ) the same, 6403
 * UK_ERR_PIN_LENGTH, and with each of them the card has seen nothing; all else
 * is the card's: uk_sw_err. .sw is kept. The answer must be exactly a status
 * word, else UK_ERR_CARD_MUTE. */
UK_RESULT uk_pinpad_result(uk_bytes answer);

#endif
