/* SPDX-License-Identifier: MIT */
/*
 * Frames: how the roles speak to each other over a socketpair.
 *
 * A frame on the wire is 16 bytes of header and a payload:
 *
 *   u32 size    bytes of payload, at most the peer's cap
 *   u8  kind    what it is; the meaning is in proto.h
 *   u8  fds     0 or 1: one descriptor travels with this frame (SCM_RIGHTS)
 *   u16 zero
 *   u64 id      whose it is (a ticket, an account, a message; see proto.h)
 *
 * All integers are little endian. The payload is a row of fields, written by peer_put_* and read by
 * frame_get_* in the same order; frame_end insists that all of it was used, so writer and reader can't drift.
 * Output is collected and written in one go (peer_flush); input is read in one go and taken frame by frame.
 *
 *   Peer *p = peer_new(fd, FRAME_CAP);            Frame f;
 *   peer_begin(p, W_ANSWER, ticket);              while (peer_next(p, &f, &error)) {
 *   peer_put_u32(p, position);                        uint32_t pos = frame_get_u32(&f);
 *   peer_put_str(p, text, -1);                        size_t n; const char *s = frame_get_str(&f, &n);
 *   peer_end(p);                                      if (!frame_end(&f)) ... drop the peer
 *   peer_flush(p, &error);                        }
 */
#ifndef PERIGEE_FRAME_H
#define PERIGEE_FRAME_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_CAP (4u << 20) /* the largest payload between roles, in bytes */

#define FRAME_ERROR (frame_error_quark())
GQuark frame_error_quark(void);
typedef enum { FRAME_ERROR_IO, FRAME_ERROR_CLOSED, FRAME_ERROR_FORMAT } FrameError;

typedef struct Peer Peer;

/* A received frame. data points into the peer and is valid until the next peer_read or peer_free. */
typedef struct Frame {
	uint8_t kind;
	uint64_t id;
	int fd; /* a descriptor that came with it, or -1; the reader owns it */
	const uint8_t *data;
	size_t size;
	size_t used;
	bool bad; /* a field was missing or too long; all later gets give 0 or "" */
} Frame;

/* Takes fd and makes it non-blocking. cap: the largest payload that is accepted or sent, in bytes. */
Peer *peer_new(int fd, size_t cap);
/* Closes the descriptor and every received one not taken. NULL is allowed. */
void peer_free(Peer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Peer, peer_free)
int peer_fd(const Peer *peer);
/* From now on descriptors that come with frames are accepted (recvmsg instead of read). */
void peer_accept_fds(Peer *peer);

/* Writes one frame: begin, any number of puts, end. A payload over the cap makes peer_end return false and
 * drops the frame. */
void peer_begin(Peer *peer, uint8_t kind, uint64_t id);
void peer_put_u8(Peer *peer, uint8_t value);
void peer_put_u32(Peer *peer, uint32_t value);
void peer_put_u64(Peer *peer, uint64_t value);
void peer_put_i64(Peer *peer, int64_t value);
/* size -1: up to the NUL. NULL is written as "". */
void peer_put_str(Peer *peer, const char *text, gssize size);
bool peer_end(Peer *peer);
/* Like peer_end, and sends a copy of fd with the frame; the caller keeps fd. Flushes what stands before it. */
bool peer_end_fd(Peer *peer, int fd, GError **error);
/* The same without waiting: fd is taken, goes when peer_flush gets there, and is closed. A receiver keeps at most 32 that it has
 * not taken. */
bool peer_end_take(Peer *peer, int fd);

/* Bytes that are waiting to be written. */
size_t peer_pending(const Peer *peer);
/* Writes what the socket takes now; true with peer_pending() > 0 means: poll for POLLOUT. */
bool peer_flush(Peer *peer, GError **error);
/* Blocks until all is written. */
bool peer_flush_all(Peer *peer, GError **error);
/* Reads what is there. False at end of file (FRAME_ERROR_CLOSED) or on an error. */
bool peer_read(Peer *peer, GError **error);
/* The next whole frame; false when there is none yet (error unset) or the stream is malformed (error set). */
bool peer_next(Peer *peer, Frame *frame, GError **error);
/* Blocks for the next frame, at most timeout_ms (-1: for ever). False on end of file, error, or timeout (error unset). */
bool peer_receive(Peer *peer, Frame *frame, int timeout_ms, GError **error);

uint8_t frame_get_u8(Frame *frame);
uint32_t frame_get_u32(Frame *frame);
uint64_t frame_get_u64(Frame *frame);
int64_t frame_get_i64(Frame *frame);
/* The field's bytes inside the frame, always followed by a NUL; size may be NULL (then a NUL inside is bad). */
const char *frame_get_str(Frame *frame, size_t *size);
/* True if nothing was missing and nothing is left. */
bool frame_end(const Frame *frame);

/* A connected pair of close-on-exec stream sockets. */
bool peer_pair(int fds[2], GError **error);

#endif
