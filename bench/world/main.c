/*
 * The synthetic internet as a program.
 *
 *   world names N              the first N names, one a line
 *   world alive N              the first N of those that name servers answer for
 *   world hosts N              N hosts with STARTTLS and a good certificate, "host address" a line
 *   world failing N            N hosts of domains that are parked (port 25 refused) or dead, likewise
 *   world policies N           N policy hosts with a good certificate and a valid policy, likewise
 *   world expect N             what a scan of them must find, as JSON
 *   world bound N              how long a scan of them must take at least, as JSON
 *   world steps N              how many questions, sessions, fetches a scan of them takes, as JSON
 *   world serve ROOT.pem       name servers, mail and policy hosts, until it is ended; writes its root
 * certificate first, and a line "ready" when all listen
 *
 * Options: --seed=N --sts-share=PER_MILLION --hoster=PER_MILLION (of the policies, at one address) --latency;
 * --intent (smtp.probe = intent); for steps and bound --budget=N (limits.names_per_ip), for bound the
 * scan's other ceilings. The servers take ports 25, 53 and 443 of every local address: run them in a network
 * namespace (bench/in-world).
 */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/world/authority.h"
#include "bench/world/bound.h"
#include "bench/world/expect.h"
#include "bench/world/servers.h"
#include "bench/world/steps.h"

static int serve(struct internet *internet, const char *root_file)
{
    struct rlimit files;
    struct hosts_job job = {.internet = internet, .authority = authority_create(root_file)};
    pthread_t names;
    pthread_t hosts;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (job.authority == NULL) {
        (void)fprintf(stderr, "world: cannot make certificates, or not write %s\n", root_file);
        return 1;
    }
    if (pthread_create(&names, NULL, names_serve, internet) != 0 ||
        pthread_create(&hosts, NULL, hosts_serve, &job) != 0) {
        (void)fputs("world: cannot start threads\n", stderr);
        return 1;
    }
    (void)pthread_join(hosts, NULL);
    return 1;
}

static void print_names(const struct internet *internet, uint64_t count, bool alive)
{
    char name[NAME_BYTES];
    struct site site;
    for (uint64_t i = 0, printed = 0; printed < count; i++) {
        internet_name(internet, i, name);
        internet_site(internet, name, &site);
        if (alive && (site.mail == MAIL_LOST || site.mail == MAIL_SERVFAIL))
            continue;
        (void)puts(name);
        printed++;
    }
}

enum list { LIST_HOSTS, LIST_FAILING, LIST_POLICIES };

/* Of those that fail every fourth is parked: as in a survey of 200,000 names with limits.names_per_ip=50. */
static bool is_listed(const struct site *site, enum list list, uint64_t number)
{
    switch (list) {
    case LIST_FAILING:
        return site->mail == (number % 4 == 0 ? MAIL_PARKED : MAIL_DEAD);
    case LIST_POLICIES:
        return site->sts == STS_ENFORCE || site->sts == STS_TESTING;
    default:
        return site->mail == MAIL_OWN && !site->plain;
    }
}

static void print_hosts(const struct internet *internet, uint64_t count, enum list list)
{
    char name[NAME_BYTES];
    char host[NAME_BYTES + 8];
    struct site site;
    for (uint64_t i = 0, printed = 0; printed < count; i++) {
        struct tls_host tls;
        internet_name(internet, i, name);
        internet_site(internet, name, &site);
        (void)snprintf(host, sizeof host, "%s.%s", list == LIST_POLICIES ? "mta-sts" : "mx", name);
        internet_tls_host(internet, host, &tls);
        if (!is_listed(&site, list, printed) || (list != LIST_FAILING && tls.cert != CERT_GOOD))
            continue;
        uint32_t address =
            list == LIST_POLICIES ? internet_policy_address(&site) : internet_mail_address(&site);
        (void)printf("%s %u.%u.%u.%u\n", host, address >> 24, address >> 16 & 255, address >> 8 & 255,
                     address & 255);
        printed++;
    }
}

static int usage(void)
{
    (void)fputs(
        "usage: world names N | alive N | hosts N | failing N | policies N | expect N | bound N | steps N |\n"
        "             serve ROOT.pem\n"
        "             [--seed=N] [--sts-share=N] [--hoster=N] [--latency] [--budget=N] [--intent] "
        "[--no-near-miss]\n"
        "             [--in-flight=N] [--outstanding=N] [--per-minute=N] [--live=N]\n"
        "             [--dns-timeout=MS] [--connect-timeout=MS] [--session-timeout=MS] [--wait=MS]\n",
        stderr);
    return 2;
}

/* What the command line says of the world and of the scan. */
struct settings {
    struct internet internet;
    struct expect_scan expect;
    struct bound_scan bound;
    uint32_t budget; /* limits.names_per_ip; 0 for none */
};

static bool set_option(struct settings *settings, int option, uint64_t value)
{
    switch (option) {
    case 's':
        settings->internet.seed = value;
        return true;
    case 'm':
        settings->internet.sts_share = (uint32_t)value;
        return true;
    case 'h':
        settings->internet.hoster = (uint32_t)value;
        return true;
    case 'l':
        settings->internet.latency = true;
        return true;
    case 'b':
        settings->budget = settings->bound.names_per_ip = (uint32_t)value;
        return true;
    case 'n':
        settings->bound.no_near_miss = true;
        return true;
    case 'i':
        settings->expect.intent = settings->bound.intent = true;
        return true;
    default:
        break;
    }
    uint32_t *number = option == 'f'   ? &settings->bound.in_flight
                       : option == 'o' ? &settings->bound.dns_outstanding
                       : option == 'p' ? &settings->bound.ip_per_minute
                       : option == 'v' ? &settings->bound.smtp_live
                       : option == 'd' ? &settings->bound.dns_timeout
                       : option == 'c' ? &settings->bound.smtp_connect_timeout
                       : option == 't' ? &settings->bound.smtp_session_timeout
                       : option == 'w' ? &settings->bound.wait
                                       : NULL;
    if (number == NULL || value == 0 || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

static void print_bound(const struct settings *settings, uint64_t count)
{
    struct bound bound;
    uint32_t crowd;
    bound_of(&settings->internet, count, &settings->bound, &bound, &crowd);
    bound_print(&bound, crowd, stdout);
}

static void print_steps(const struct settings *settings, uint64_t count)
{
    struct steps steps;
    steps_of(&settings->internet, count, &settings->bound, settings->budget, &steps);
    steps_print(&steps, stdout);
}

static int run(struct settings *settings, const char *command, const char *argument)
{
    uint64_t count = strtoull(argument, NULL, 10);
    if (strcmp(command, "serve") == 0)
        return serve(&settings->internet, argument);
    if (strcmp(command, "names") == 0 || strcmp(command, "alive") == 0)
        print_names(&settings->internet, count, command[0] == 'a');
    else if (strcmp(command, "hosts") == 0)
        print_hosts(&settings->internet, count, LIST_HOSTS);
    else if (strcmp(command, "failing") == 0)
        print_hosts(&settings->internet, count, LIST_FAILING);
    else if (strcmp(command, "policies") == 0)
        print_hosts(&settings->internet, count, LIST_POLICIES);
    else if (strcmp(command, "expect") == 0)
        expect_print(&settings->internet, count, &settings->expect, stdout);
    else if (strcmp(command, "bound") == 0)
        print_bound(settings, count);
    else if (strcmp(command, "steps") == 0)
        print_steps(settings, count);
    else
        return usage();
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"sts-share", required_argument, NULL, 'm'},
                                            {"hoster", required_argument, NULL, 'h'},
                                            {"budget", required_argument, NULL, 'b'},
                                            {"latency", no_argument, NULL, 'l'},
                                            {"intent", no_argument, NULL, 'i'},
                                            {"no-near-miss", no_argument, NULL, 'n'},
                                            {"in-flight", required_argument, NULL, 'f'},
                                            {"outstanding", required_argument, NULL, 'o'},
                                            {"per-minute", required_argument, NULL, 'p'},
                                            {"live", required_argument, NULL, 'v'},
                                            {"dns-timeout", required_argument, NULL, 'd'},
                                            {"connect-timeout", required_argument, NULL, 'c'},
                                            {"session-timeout", required_argument, NULL, 't'},
                                            {"wait", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    struct settings settings = {.internet = {.seed = 1, .sts_share = FIG_STS_SHARE}, .bound = bound_defaults};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!set_option(&settings, option, optarg == NULL ? 0 : strtoull(optarg, NULL, 10)))
            return usage();
    return argc - optind == 2 ? run(&settings, argv[optind], argv[optind + 1]) : usage();
}
