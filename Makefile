# stsweep: build, tests, lint. `make help` lists the targets.
VERSION  := 0.1.0
# When it came out, for the manual pages.
DATE     := 2026-11-30
PREFIX   ?= /usr/local
DESTDIR  ?=
ifeq ($(origin CC),default)
CC       := gcc
endif
BUILD    ?= build
OPT      ?= -O2 -g
SANITIZE ?=
# The allocator of the programs: a tenth less CPU a domain than libc's (docs/performance.md). Sanitizers bring their own;
# `make MALLOC=` builds with libc's.
MALLOC   ?= $(if $(SANITIZE),,-ljemalloc)
# `make V=1` shows whole command lines.
QUIET    := $(if $(V),,@)
SAY_CC    = $(if $(V),,@echo '  CC  $@')
SAY_LD    = $(if $(V),,@echo '  LD  $@')

PACKAGES := libevent libcrypto libssl ldns libcurl libzstd zlib libbrotlidec yajl libidn2 libpsl libxxhash libseccomp
# What unpacks gzip lists: ISA-L if the machine has it (half the time of zlib or less), else zlib. `make GUNZIP=zlib` takes zlib.
GUNZIP   := $(shell pkg-config --exists libisal && echo isal || echo zlib)
PACKAGES += $(if $(filter isal,$(GUNZIP)),libisal)
# These are linked by name: inih is, and pkg-config would want hogweed and nettle for libunbound, whose package does not bring them.
NAMED    := -lunbound -linih
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Werror=implicit-function-declaration $(STRICT)
# `make STRICT=-Werror` fails at a warning.
STRICT   ?=
# What hardens the program, asked for once, when it is first needed; `make HARDEN=` builds without.
HARDEN    = $(eval HARDEN := $(shell packaging/hardening '$(CC)' '$(OPT)' '$(SANITIZE)'))$(HARDEN)
HARDEN_LD = $(filter -pie -Wl%,$(HARDEN))
CPPFLAGS += -I. -D_GNU_SOURCE -DSTSWEEP_VERSION='"$(VERSION)"'
CFLAGS    = -std=c11 $(OPT) $(WARNINGS) $(SANITIZE) $(filter-out $(HARDEN_LD),$(HARDEN)) -pthread $(PACKAGE_CFLAGS)
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
LDLIBS   := $(shell pkg-config --libs $(PACKAGES)) $(NAMED) -lm
LDFLAGS  += $(SANITIZE) $(HARDEN_LD) -pthread

SOURCES  := $(filter-out $(filter-out input/gunzip_$(GUNZIP).c,$(wildcard input/gunzip_*.c)),$(wildcard scanner/*.c scanner/*/*.c input/*.c output/*/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY  := $(BUILD)/libstsweep.a
UNIT     := $(sort $(wildcard tests/unit/*/test_*.c))
UNITBIN  := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(UNIT)))
FAKES    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/reach/world/*.c))
FUZZ     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZBIN  := $(FUZZ:tests/fuzz/%.c=$(BUILD)/fuzz/%)
C_FILES   = $(wildcard scanner/*.[ch] scanner/*/*.[ch] input/*.[ch] output/*/*.[ch] tests/*/*.[ch] tests/unit/*/*.[ch] tests/unit/*/*/*.[ch] bench/*.[ch] bench/*/*.[ch] docs/*.c)
WORLD    := $(wildcard bench/world/*.c)
WORLD_PURE := bench/world/internet.c bench/world/answers.c bench/world/expect.c bench/world/bound.c bench/world/steps.c
BENCH    := $(sort $(wildcard bench/bench_*.c bench/floor_*.c))
BENCHBIN := $(BENCH:bench/%.c=$(BUILD)/bench/%)
FAULT    := $(BUILD)/fault.so
FLOODS   := $(BUILD)/floods
GAINS    := $(BUILD)/gains
OWNERS   := $(BUILD)/owners

.PHONY: bench bench-quick bench-programs fuzz all help install install-nightly dist deb docs check lint format demo coverage test test-long clean
all: $(BUILD)/stsweep

help:
	@echo 'make               build $(BUILD)/stsweep'
	@echo 'make demo          scan a small internet of real servers on loopback (root or user namespaces)'
	@echo 'make check         unit tests and fuzz seeds'
	@echo 'make lint          formatting, warnings of gcc and clang, include arrows, generated files'
	@echo 'make test          everything: check, sanitizers, the lab both ways, crashes, lint'
	@echo 'make test-long     what takes hours or more packages (packaging/install build lab test long package)'
	@echo 'make fuzz          every fuzz target for SECONDS of CPU (60); TARGETS="fuzz_message ..." names some (tests/fuzz/README.md)'
	@echo 'make bench         ours beside bare programs and peers, as ratios (make bench-quick: in 2 minutes)'
	@echo 'make coverage      how much of the pure cores the unit tests and fuzz seeds run (gcov); --lines of tests/coverage says what not'
	@echo 'make docs          make scan.ini and what docs/ has of tables (failures, fields, schema, rules) anew'
	@echo 'make format        clang-format over all C files'
	@echo 'make install       into $$(DESTDIR)$$(PREFIX), now $(DESTDIR)$(PREFIX)'
	@echo 'make install-nightly  also what scans lists nightly: systemd units, the script, /etc/stsweep (SYSCONFDIR)'
	@echo 'make dist          the tarball of the sources and its checksum, in $(BUILD)/dist'
	@echo 'make deb           the Debian package, in $(BUILD)/deb (packaging/install build deb)'
	@echo 'make clean'

$(BUILD)/stsweep: $(BUILD)/scanner/main.o $(LIBRARY)
	$(SAY_LD)
	$(QUIET)$(CC) $(LDFLAGS) -o $@ $^ $(MALLOC) $(LDLIBS)

$(LIBRARY): $(filter-out $(BUILD)/scanner/main.o,$(OBJECTS))
	@rm -f $@
	$(QUIET)ar rcs $@ $^

$(BUILD)/%.o: %.c Makefile packaging/hardening
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# `stsweep version -v` says what it was built with, but not where: the same sources give the same bytes in every folder.
PREFIX_MAPS = -ffile-prefix-map=% -fdebug-prefix-map=% -fmacro-prefix-map=%
$(BUILD)/scanner/machine/build.o: CPPFLAGS += -DSTSWEEP_FLAGS='"$(strip $(filter-out $(PREFIX_MAPS),$(OPT)) $(SANITIZE))"' -DSTSWEEP_HARDENING='"$(strip $(HARDEN))"'

# The documents that are taken into the program.
$(BUILD)/output/release/release_kit.o: $(shell awk -F'"' '/^KIT/ { print $$4 }' output/release/release_kit.def)
$(BUILD)/output/report/report_head.o: output/report/page.css output/report/page.js

vpath test_%.c $(sort $(dir $(UNIT)))
$(BUILD)/tests/%: %.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka -ljansson $(LDLIBS)

# The way to unpack gzip that this machine's lists do not take has its test as well.
ifeq ($(GUNZIP),isal)
UNITBIN  += $(BUILD)/tests/test_gunzip_zlib
endif
$(BUILD)/tests/test_gunzip_zlib: tests/unit/input/test_gunzip.c input/gunzip_zlib.c input/gunzip.h
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lz

# The pure parts of the benchmarks' world have a unit test as well.
$(BUILD)/tests/test_world: tests/unit/bench/test_world.c $(WORLD_PURE) $(wildcard bench/world/*.h bench/world/*.def) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(WORLD_PURE) $(LIBRARY) -lcmocka -ljansson $(LDLIBS)

# All of reach/ over fakes: what they define is not taken from the library.
$(BUILD)/tests/test_reach: tests/unit/reach/test_reach.c $(FAKES) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(FAKES) $(LIBRARY) -lcmocka $(LDLIBS)

$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(LIBRARY) $(LDLIBS)

# Over the fakes of a world: what they define is not taken from the library.
$(BUILD)/fuzz/fuzz_reach: tests/fuzz/fuzz_reach.c tests/fuzz/replay.c $(FAKES) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(FAKES) $(LIBRARY) $(LDLIBS)

$(BUILD)/libfuzzer/fuzz_reach: tests/fuzz/fuzz_reach.c $(FAKES) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(FAKES) $(LIBRARY) $(LDLIBS)

# Over a made-up kernel and event loop: the stub engine's files are compiled once more, so that their calls go there.
FAKE_NET := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/fake_*.c)) \
            $(patsubst scanner/%.c,$(BUILD)/faked/%.o,$(filter-out scanner/dns/recursive%,$(wildcard scanner/dns/*.c)))
$(BUILD)/faked/%.o: scanner/%.c tests/fuzz/fake_calls.h Makefile
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -DFAKE_CALLS -include tests/fuzz/fake_calls.h -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/fuzz_stub: tests/fuzz/fuzz_stub.c tests/fuzz/replay.c tests/fuzz/stub_answer.h $(FAKE_NET) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(FAKE_NET) $(LIBRARY) $(LDLIBS)

$(BUILD)/libfuzzer/fuzz_stub: tests/fuzz/fuzz_stub.c tests/fuzz/stub_answer.h $(FAKE_NET) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(FAKE_NET) $(LIBRARY) $(LDLIBS)

# The same with clang's libFuzzer, for tests/fuzz/run.
$(BUILD)/libfuzzer/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS)

# Preloaded under the program by tests/faults; never built with a sanitizer, which would want to be first.
$(FAULT): $(wildcard tests/fault/*.[ch])
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) -std=c11 $(OPT) $(WARNINGS) -pthread -fPIC -shared -o $@ $(filter %.c,$^) -ldl

# A mail and web server for tests/floods.
$(FLOODS): tests/fake/floods.c Makefile
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) -std=c11 $(OPT) $(WARNINGS) -pthread -o $@ $< -lssl -lcrypto

# What mending a group gains, by the verdict, for tests/gains/check.
$(GAINS): tests/gains/gains.c tests/unit/mending.h $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS)

$(BUILD)/make_failures $(BUILD)/make_fields $(BUILD)/make_senders $(BUILD)/make_columns $(BUILD)/make_manual $(BUILD)/make_completions: $(BUILD)/%: docs/%.c docs/make_walk.h docs/make_roff.h $(LIBRARY)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS)

# The manual pages, and what shells complete a command line by, of the program's tables.
$(BUILD)/man: $(BUILD)/make_manual Makefile
	@rm -rf $@ $@.new && mkdir $@.new
	$(QUIET)$(BUILD)/make_manual $@.new $(DATE) > /dev/null
	@mv $@.new $@

$(BUILD)/completions: $(BUILD)/make_completions docs/completions/stsweep.bash docs/completions/stsweep.zsh docs/completions/stsweep.fish
	@rm -rf $@ $@.new && mkdir $@.new
	$(QUIET)for shell in bash zsh fish; do $(BUILD)/make_completions $$shell < docs/completions/stsweep.$$shell > $@.new/stsweep.$$shell || exit 1; done
	@mv $@.new $@

# What a zone file delegates, for tests/zonefiles/check.
$(OWNERS): tests/zonefiles/owners.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS)

# The synthetic internet that benchmarks run in, the benchmarks, and the bare programs that they are held against.
$(BUILD)/bench/world: $(WORLD) $(wildcard bench/world/*.h bench/world/*.def) $(LIBRARY) Makefile
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(WORLD) $(LIBRARY) $(LDLIBS) -levent_openssl

# Ours (bench_*) with the program's allocator, the bare ones with libc's.
$(BUILD)/bench/%: bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBRARY) $(if $(filter bench_%,$*),$(MALLOC)) $(LDLIBS)

# Of the JSON libraries that yajl is held against, those that are installed (packaging/bench-packages; yyjson from Debian 13 on).
JSON_PEERS := $(foreach peer,json-c libcjson yyjson,$(if $(wildcard $(shell pkg-config --variable=pcfiledir $(peer) 2>/dev/null)/$(peer).pc),$(peer)))
JSON_HAVE  := $(patsubst json-c,-DHAVE_JSON_C,$(patsubst libcjson,-DHAVE_CJSON,$(patsubst yyjson,-DHAVE_YYJSON,$(JSON_PEERS))))
$(BUILD)/bench/json: bench/json/main.c $(LIBRARY) Makefile
	@mkdir -p $(@D)
	$(SAY_CC)
	$(QUIET)$(CC) $(CPPFLAGS) $(CFLAGS) $(JSON_HAVE) $(LDFLAGS) -o $@ $< $(LIBRARY) $(MALLOC) $(LDLIBS) $(if $(JSON_PEERS),$(shell pkg-config --cflags --libs $(JSON_PEERS)))

bench-programs: all $(BUILD)/bench/world $(BENCHBIN) $(BUILD)/bench/json

# Inputs that grow coverage are kept in build-fuzz/corpus.
SECONDS ?= 60
TARGETS ?=
fuzz:
	tests/fuzz/run $(SECONDS) $(TARGETS)

bench: bench-programs
	bench/run

bench-quick: bench-programs
	bench/run --quick

# Where zsh looks for functions of others is not the same everywhere: packaging/debian/rules names Debian's folder for packages.
ZSH_FUNCTIONS ?= $(PREFIX)/share/zsh/site-functions
# Those that help and the pages above lead to.
USERS_PAGES = glossary.md guides/survey.md guides/registrar.md guides/suppliers.md tools.md report.md suggest.md sampling.md zone-files.md scale.md \
              senders.md lists.md check.md good-citizen.md clusters.md guides/university.md guides/company.md
# The recipes of clusters.md; those that are run can be run here.
RECIPES     = $(wildcard docs/clusters/*/*)
install: all $(BUILD)/man $(BUILD)/completions
	install -D -m 755 $(BUILD)/stsweep $(DESTDIR)$(PREFIX)/bin/stsweep
	install -D -m 644 scan.ini $(DESTDIR)$(PREFIX)/share/stsweep/scan.ini
	install -D -m 644 docs/schema.json $(DESTDIR)$(PREFIX)/share/stsweep/schema.json
	install -D -m 644 docs/meta.schema.json $(DESTDIR)$(PREFIX)/share/stsweep/meta.schema.json
	install -D -m 644 docs/summary.schema.json $(DESTDIR)$(PREFIX)/share/stsweep/summary.schema.json
	install -D -m 644 docs/status.schema.json $(DESTDIR)$(PREFIX)/share/stsweep/status.schema.json
	install -D -m 644 packaging/stsweep.rules.yml $(DESTDIR)$(PREFIX)/share/stsweep/stsweep.rules.yml
	install -D -m 644 docs/watching.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/watching.md
	install -D -m 644 docs/failures.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/failures.md
	install -D -m 644 docs/records.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/records.md
	install -D -m 644 docs/groups.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/groups.md
	install -D -m 644 docs/fields.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/fields.md
	install -D -m 644 docs/columns.tsv $(DESTDIR)$(PREFIX)/share/stsweep/columns.tsv
	install -D -m 644 docs/duckdb.sql $(DESTDIR)$(PREFIX)/share/stsweep/duckdb.sql
	install -D -m 644 docs/spark.json $(DESTDIR)$(PREFIX)/share/stsweep/spark.json
	install -D -m 644 docs/stsweep_columns.py $(DESTDIR)$(PREFIX)/share/stsweep/stsweep_columns.py
	install -D -m 644 docs/sql.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/sql.md
	install -D -m 644 docs/figures.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/figures.md
	install -D -m 644 docs/diff.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/diff.md
	install -D -m 644 docs/before-a-scan.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/before-a-scan.md
	install -D -m 644 docs/unbound.conf $(DESTDIR)$(PREFIX)/share/doc/stsweep/unbound.conf
	install -D -m 644 docs/release.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/release.md
	for page in $(BUILD)/man/*.[1-8]; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	install -D -m 644 $(BUILD)/completions/stsweep.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stsweep
	install -D -m 644 $(BUILD)/completions/stsweep.zsh $(DESTDIR)$(ZSH_FUNCTIONS)/_stsweep
	install -D -m 644 $(BUILD)/completions/stsweep.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/stsweep.fish
	install -D -m 644 docs/install.md $(DESTDIR)$(PREFIX)/share/doc/stsweep/install.md
	for page in $(USERS_PAGES); do install -D -m 644 docs/$$page $(DESTDIR)$(PREFIX)/share/doc/stsweep/$$page || exit 1; done
	for file in $(RECIPES:docs/%=%); do [ -x docs/$$file ] && mode=755 || mode=644; install -D -m $$mode docs/$$file $(DESTDIR)$(PREFIX)/share/stsweep/$$file || exit 1; done

# The units and the script name where they lie. What is in SYSCONFDIR already is the administrator's.
SYSCONFDIR ?= /etc
UNITS      := $(notdir $(wildcard packaging/systemd/*.service packaging/systemd/*.timer))
NIGHTLY     = $(DESTDIR)$(PREFIX)/lib
ETC         = $(DESTDIR)$(SYSCONFDIR)/stsweep
MOVED       = -e 's|/usr/lib/stsweep|$(PREFIX)/lib/stsweep|' -e 's|/usr/share/doc|$(PREFIX)/share/doc|' -e 's|/etc/stsweep|$(SYSCONFDIR)/stsweep|g'
install-nightly: install
	install -D -m 755 packaging/nightly $(NIGHTLY)/stsweep/nightly
	install -d $(NIGHTLY)/systemd/system $(ETC)
	for unit in $(UNITS); do sed $(MOVED) packaging/systemd/$$unit > $(NIGHTLY)/systemd/system/$$unit && chmod 644 $(NIGHTLY)/systemd/system/$$unit || exit 1; done
	install -D -m 644 packaging/systemd/stsweep.sysusers $(NIGHTLY)/sysusers.d/stsweep.conf
	install -D -m 644 packaging/systemd/stsweep.tmpfiles $(NIGHTLY)/tmpfiles.d/stsweep.conf
	[ -e $(ETC)/nightly.env ] || install -m 644 packaging/systemd/nightly.env $(ETC)/nightly.env
	[ -e $(ETC)/scan.ini ] || { sed 's/^[a-z0-9_]* =/;&/' scan.ini > $(ETC)/scan.ini && chmod 644 $(ETC)/scan.ini; }

dist:
	packaging/dist $(BUILD)/dist

deb:
	packaging/deb $(BUILD)/deb

docs: all $(BUILD)/make_failures $(BUILD)/make_fields $(BUILD)/make_senders $(BUILD)/make_columns
	$(BUILD)/make_failures > docs/failures.md
	$(BUILD)/make_senders > docs/senders.md
	$(BUILD)/make_fields schema < docs/schema.in > docs/schema.json
	docs/make-schemas meta > docs/meta.schema.json
	docs/make-schemas summary > docs/summary.schema.json
	docs/make-schemas status > docs/status.schema.json
	$(BUILD)/make_fields dictionary > docs/fields.md
	$(BUILD)/make_columns tsv > docs/columns.tsv
	$(BUILD)/make_columns duckdb < docs/duckdb.in > docs/duckdb.sql
	docs/make-readers spark > docs/spark.json
	docs/make-readers python > docs/stsweep_columns.py
	$(BUILD)/make_fields records < docs/records.md > $(BUILD)/records.md && cp $(BUILD)/records.md docs/records.md
	$(BUILD)/stsweep help scan.ini > scan.ini
	docs/make-rules > docs/rules.md
	docs/make-reports > docs/reports.md
	docs/make-rooms --write

# What test programs are there to run: the suite's script runs them one by one and counts.
.PHONY: test-programs
test-programs: all $(UNITBIN) $(FUZZBIN) $(FAULT) $(FLOODS) $(GAINS) $(OWNERS) $(BUILD)/make_failures $(BUILD)/make_fields $(BUILD)/make_senders $(BUILD)/make_columns $(BUILD)/man $(BUILD)/completions

check:
	tests/run check

lint:
	tests/lint

format:
	clang-format -i $(C_FILES)

coverage:
	tests/coverage

demo: all
	tests/lab/run --tell tests/lab/demo

test:
	tests/run all

test-long:
	tests/long all

clean:
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(FAKES:.o=.d) $(FAKE_NET:.o=.d) $(UNITBIN:=.d)
