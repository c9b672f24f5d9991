/* The pure half of order numbers: for the generator, and for its test. */
#ifndef BC_ORDER_NUMBER_H
#define BC_ORDER_NUMBER_H

#include <stdint.h>

enum { BC_ORDER_NUMBER_LEN = 26 };

void bc_format_order_number(int64_t now_ms, const uint8_t random[10],
    char out[BC_ORDER_NUMBER_LEN + 1]);

#endif
