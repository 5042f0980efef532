# stsweep: build, tests, lint. `make help` lists the targets.
VERSION  := 0.1.0
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= gcc
BUILD    ?= build
OPT      ?= -O2 -g
SANITIZE ?=

PACKAGES := libevent libcrypto libssl ldns libcurl libzstd zlib libunbound inih yajl jansson libidn2 libpsl libxxhash
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror=implicit-function-declaration
CPPFLAGS += -I. -D_GNU_SOURCE -DSTSWEEP_VERSION='"$(VERSION)"'
CFLAGS   := -std=c11 $(OPT) $(WARNINGS) $(SANITIZE) -pthread $(shell pkg-config --cflags $(PACKAGES))
LDLIBS   := $(shell pkg-config --libs $(PACKAGES)) -lm
LDFLAGS  += $(SANITIZE) -pthread

SOURCES  := $(wildcard scanner/*.c scanner/*/*.c input/*.c output/*.c)
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY  := $(BUILD)/libstsweep.a
UNIT     := $(wildcard tests/unit/test_*.c)
UNITBIN  := $(UNIT:tests/unit/%.c=$(BUILD)/tests/%)
FUZZ     := $(wildcard tests/fuzz/fuzz_*.c)
FUZZBIN  := $(FUZZ:tests/fuzz/%.c=$(BUILD)/fuzz/%)

.PHONY: all help install check lint demo test clean unit format
all: $(BUILD)/stsweep

$(BUILD)/stsweep: $(BUILD)/scanner/main.o $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIBRARY): $(filter-out $(BUILD)/scanner/main.o,$(OBJECTS))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBRARY) -lcmocka $(LDLIBS)

$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(LIBRARY) $(LDLIBS)

-include $(OBJECTS:.o=.d) $(UNITBIN:=.d)
