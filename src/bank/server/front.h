/*
 * What a front (nginx, haproxy) that ended TLS says about a connection, in the
 * headers that only the front can have set: they are read on the Unix-domain
 * socket that is the front's alone, and nowhere else.
 */
#ifndef BANK_FRONT_H
#define BANK_FRONT_H

#include "mem.h"

/* The client's certificate, DER: RFC 9440 (":" base64 ":", haproxy's
 * %[ssl_c_der,base64]) or percent-encoded PEM (nginx's
 * $ssl_client_escaped_cert). UK_ERR_FORMAT if it is neither. */
UK_RESULT bank_front_certificate(uk_bytes header, uk_blob *der);

/* X-Forwarded-For: the last address, which is the one the front added; none if
 * it does not look like one. View into header. */
uk_bytes bank_front_address(uk_bytes header);

/* The part of an address that belongs to one customer: an IPv4 address, or the
 * first 64 bits of an IPv6 one (RFC 4291, 2.5.4); appends 4 or 8 bytes. Text
 * that is no address is taken as it is. */
void bank_front_network(uk_bytes address, uk_buf *out);

#endif
