# koc: GNU make.  `make demo` and `make check` do all their set-up on a fresh Debian 12.
#
#   make            builds ./koc
#   make demo       starts private servers with sample data and shows a real sync
#   make check      all tests; make torture: the long ones; make bench: side by side with the peers
#   make lint       what is checked without running: arrows, purity, documents, format
#   make install    DESTDIR=, PREFIX=/usr/local
PREFIX  ?= /usr/local
B       ?= build
VERSION := 0.1

PKGS    := libetpan sqlite3 openssl libconfuse zlib
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Werror
KOC_CPP := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -DKOC_VERSION='"$(VERSION)"'
KOC_C   := -std=c17 $(WARN) -fstack-protector-strong -MMD -MP
# libetpan.pc hands on a flag of its own build: a specs file of dpkg-dev, which turns PIE off.
LIBS     = $(filter-out -specs=%,$(shell pkg-config --libs $(PKGS)))
# Loaded when they are needed (base/library.h), so only their headers matter here.
LATE    := libcurl libxml-2.0 libical
KOC_CPP += $(shell pkg-config --cflags $(LATE))

SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIB_SRC  := $(filter-out src/koc.c,$(sort $(shell find src -name '*.c')))
LIB_OBJ  := $(LIB_SRC:src/%.c=$(B)/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/%)
CONTRACT := $(patsubst tests/%.c,$(B)/tests/%.o,$(sort $(wildcard tests/contract/*.c)))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
TOOLS    := $(TOOL_SRC:tests/tools/%.c=$(B)/tools/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))
FUZZ     := $(FUZZ_SRC:tests/fuzz/%.c=%)

.PHONY: all demo check lint bench torture install uninstall clean units tools setup asan replay fuzz
all: koc

koc: $(B)/koc.o $(B)/libkoc.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/libkoc.a: $(LIB_OBJ)
	@rm -f $@
	@$(AR) rcs $@ $^

# SQL becomes C strings.
$(B)/state/%.o: KOC_CPP += -I$(B)/gen
$(B)/gen/%.h: src/state/%.sql
	@mkdir -p $(@D)
	@sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
$(B)/state/sqlite_schema.o: $(patsubst src/state/%.sql,$(B)/gen/%.h,$(wildcard src/state/*.sql))

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KOC_CPP) $(CFLAGS) $(KOC_C) -c -o $@ $<

# Unit tests: one cmocka program a file; tests/unit/NAME.c becomes $(B)/tests/NAME.  What they share,
# the store contract, is an archive.
TEST_CC = $(CC) $(CPPFLAGS) $(KOC_CPP) -Itests $(CFLAGS) $(KOC_C)
TEST_LIBS = $(B)/libcontract.a $(B)/libkoc.a $(LDFLAGS) -lcmocka $(LIBS)

$(B)/libcontract.a: $(CONTRACT)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/tests/contract/%.o: tests/contract/%.c
	@mkdir -p $(@D)
	$(TEST_CC) -c -o $@ $<

$(B)/tests/%: tests/unit/%.c $(B)/libcontract.a $(B)/libkoc.a
	@mkdir -p $(@D)
	$(TEST_CC) -o $@ $< $(TEST_LIBS)

$(B)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KOC_CPP) $(CFLAGS) $(KOC_C) -o $@ $< $(LDFLAGS)

# One that is made of koc's own parts.
$(B)/tools/textform: tests/tools/textform.c $(B)/libkoc.a
	@mkdir -p $(@D)
	$(TEST_CC) -o $@ $^ $(LDFLAGS) $(LIBS)

# Fuzz targets, tests/fuzz/NAME.c, each with files in tests/fuzz/corpus/NAME.  $(B)/replay runs them all over
# these files and fixed mutations of them; `make fuzz` (clang) lets libFuzzer look for more, FUZZ_TIME seconds
# each, and keeps what it finds in $(B)/fuzz/corpus.
FUZZ_TIME ?= 60
$(B)/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KOC_CPP) -Itests $(CFLAGS) $(KOC_C) -DLLVMFuzzerTestOneInput=fuzz_$* -c -o $@ $<

$(B)/replay: tests/replay.c $(FUZZ:%=$(B)/fuzz/%.o) $(B)/libkoc.a
	$(CC) $(CPPFLAGS) $(KOC_CPP) $(CFLAGS) $(KOC_C) -DFUZZ_TARGETS='${FUZZ:%=X(%)}' -o $@ $^ $(LDFLAGS) $(LIBS)

$(B)/fuzzer/%: tests/fuzz/%.c $(B)/libkoc.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KOC_CPP) -Itests $(CFLAGS) $(KOC_C) -fsanitize=fuzzer \
	    -Wno-unused-command-line-argument -o $@ $^ $(LDFLAGS) $(LIBS)

replay: $(B)/replay
fuzz:
	$(MAKE) B=$(B)/clang CC=clang CFLAGS='$(SANITIZE) -fsanitize=fuzzer-no-link' $(FUZZ:%=$(B)/clang/fuzzer/%)
	@for name in $(FUZZ); do \
		mkdir -p $(B)/fuzz/corpus/$$name && echo "fuzz $$name" && \
		$(B)/clang/fuzzer/$$name -max_total_time=$(FUZZ_TIME) -timeout=10 -print_final_stats=1 \
		    -artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit 1; \
	done

units: $(UNITS)
tools: $(TOOLS)

# The same tree under ASan and UBSan: make asan, then build/asan/tests/…
asan:
	@$(MAKE) --no-print-directory B=$(B)/asan CFLAGS='$(SANITIZE)' units replay

setup:
	@sh tests/setup.sh

# As many compilers as processors, unless make was told how many.
PARALLEL = --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

demo: setup
	@$(MAKE) $(PARALLEL) koc tools
	@sh tests/demo.sh

check: setup
	@$(MAKE) $(PARALLEL) koc tools units replay asan
	@sh tests/check.sh

lint: setup
	@sh tests/lint.sh

bench: setup
	@$(MAKE) $(PARALLEL) koc tools
	@sh tests/bench.sh

torture: setup
	@$(MAKE) $(PARALLEL) koc tools units asan
	@sh tests/torture.sh

install: koc
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7 \
	    $(DESTDIR)$(PREFIX)/share/doc/koc
	install -m 755 koc $(DESTDIR)$(PREFIX)/bin/koc
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 README.md config.example $(DESTDIR)$(PREFIX)/share/doc/koc

MANUALS = $(foreach page,$(wildcard man/*.[157]),man$(subst .,,$(suffix $(page)))/$(notdir $(page)))

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/koc $(MANUALS:%=$(DESTDIR)$(PREFIX)/share/man/%)
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/koc

clean:
	rm -rf $(B) koc tests/*/__pycache__

-include $(LIB_OBJ:.o=.d) $(CONTRACT:.o=.d) $(B)/koc.d $(UNITS:=.d) $(FUZZ:%=$(B)/fuzz/%.d)
