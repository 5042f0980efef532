#include "scanner/scan/crowds.h"

#include <stdlib.h>

#include "scanner/reach/own.h"

struct crowd_message {
    struct message message;
    struct crowd crowd;
};

enum error crowds_init(struct crowds *crowds, const struct config *config)
{
    *crowds = (struct crowds){.config = config};
    enum error error = mailbox_init(&crowds->mailbox);
    crowds->open = error == ERR_OK;
    return error;
}

void crowds_dispose(struct crowds *crowds)
{
    if (crowds->open)
        mailbox_dispose(&crowds->mailbox, crowds);
    crowds->open = false;
}

static bool is_said(const struct crowds *crowds, const struct ip_addr *ip)
{
    for (size_t i = 0; i < crowds->said_count; i++)
        if (ip_equal(&crowds->said[i], ip))
            return true;
    return false;
}

static void write_line(struct crowds *crowds, const struct crowd *crowd)
{
    char ip[IP_TEXT_BYTES];
    int len = snprintf(crowds->line, sizeof crowds->line,
                       "%s: %zu %s wait for one address: ", ip_format(&crowd->ip, ip), crowd->waiting,
                       crowd->class == PACE_SMTP ? "SMTP connections" : "policy fetches");
    own_say_address(crowds->config, &crowd->ip, crowd->class, crowds->line + len,
                    sizeof crowds->line - (size_t)len);
    crowds->has_line = true;
}

static void deliver(struct message *message, void *receiver)
{
    struct crowds *crowds = receiver;
    const struct crowd *crowd = &((struct crowd_message *)message)->crowd;
    if (crowds->said_count < CROWDS_SAID_MOST && !is_said(crowds, &crowd->ip)) {
        crowds->said[crowds->said_count++] = crowd->ip;
        write_line(crowds, crowd);
    }
    free(message);
}

void crowds_post(struct crowds *crowds, const struct crowd *crowd)
{
    struct crowd_message *message = malloc(sizeof *message);
    if (message == NULL)
        return;
    message->message.deliver = deliver;
    message->crowd = *crowd;
    mailbox_post(&crowds->mailbox, &message->message);
}

const char *crowds_next(struct crowds *crowds)
{
    crowds->has_line = false;
    while (!crowds->has_line && mailbox_has_mail(&crowds->mailbox) &&
           mailbox_deliver(&crowds->mailbox, crowds, 1)) {
    }
    return crowds->has_line ? crowds->line : NULL;
}
