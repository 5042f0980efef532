/*
 * A made-up kernel and event loop for a machine that uses libevent and sockets itself: what the linker is
 * told to wrap (Makefile: WRAPPED) comes here in place of libevent, of the calls on sockets, of the monotonic
 * clock and of the kernel's random numbers. Nothing leaves the process, no time passes but by net_pass, and
 * the same input gives the same run. One net, one thread.
 */
#ifndef STSWEEP_TESTS_FAKE_NET_H
#define STSWEEP_TESTS_FAKE_NET_H

#include <event2/event.h>
#include <sys/socket.h>

#include "scanner/base/bytes.h"

enum { NET_SOCKETS = 256, NET_DATAGRAM_BYTES = 4096, NET_STREAM_BYTES = 1 << 17 };

/* The calls that can be made to fail. */
enum net_call { NET_SOCKET, NET_CONNECT, NET_SENDMMSG, NET_EVENT_ADD, NET_CALLS };

/* Told of each datagram that was sent. */
typedef void (*net_heard)(void *arg, unsigned socket, struct bytes datagram);

/* Begins anew at time 0 with open_files as the limit of files; for a quarter of the seeds the kernel cuts no
 * messages apart (UDP_SEGMENT). */
void net_begin(uint64_t seed, uint64_t open_files, net_heard heard, void *arg);

/* What event_new is given as the base; never touched. */
struct event_base *net_base(void);

/* ---- time and turns -------------------------------------------------------------------------------------- */

void net_pass(int64_t ms);

/* Returns in how many ms the next timer is due, 0 if one is; -1 if none is set. */
int64_t net_next_due(void);

/* Calls what is ready, each once, beginning with the one numbered `first`; false if nothing was. */
bool net_turn(unsigned first);

/* ---- faults ---------------------------------------------------------------------------------------------- */

/* The next `count` calls fail with this error. */
void net_fail(enum net_call call, unsigned count, int error);

/* The next sendmmsg takes so many datagrams, the next send so many bytes. */
void net_shorten(unsigned datagrams, unsigned bytes);

/* ---- sockets --------------------------------------------------------------------------------------------- */

unsigned net_open_sockets(void);
unsigned net_live_events(void);

/* Numbers of the streams that are open, at most `most`; returns how many. */
unsigned net_streams(unsigned *numbers, unsigned most);
struct sockaddr_storage net_peer(unsigned number);

/* Puts a datagram into the queue of a socket; nothing if it is closed or its queue is full. */
void net_give(unsigned number, struct bytes datagram);

/* An ICMP message has come for a socket: the next call meets the error. */
void net_icmp(unsigned number, int error);

/* What the peer of a stream does. */
void net_accept(unsigned number);
void net_refuse(unsigned number);
void net_stream_give(unsigned number, struct bytes data);
void net_stream_end(unsigned number, bool reset);
struct bytes net_stream_heard(unsigned number);

/* Drops what is left, so that a run that was broken off leaves nothing to the next. */
void net_end(void);

/* ---- between fake_net.c and fake_loop.c --------------------------------------------------------------- */

bool net_fails(enum net_call call);

/* Says for what a descriptor is ready: EV_READ, EV_WRITE. */
short net_ready(int fd);
void loop_begin(void);
void loop_end(void);

#endif
