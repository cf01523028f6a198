# Set conf-cc and conf-home; nothing here needs a change for a new program.
# GNU make. BUILD=DIR builds elsewhere, MUSL= builds without musl, CC='...'
# replaces conf-cc, WARN= sets the warnings.

CC     := $(shell head -n 1 conf-cc)
HOME_  := $(shell head -n 1 conf-home)
MUSL   := $(shell command -v musl-gcc)
BUILD  := build
# By one name, or what a file includes is not found again.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
WARN   := -Wall -Wextra -Wpedantic -Wformat=2 -Wconversion -Wsign-conversion \
          -Wshadow -Wvla -Walloca -Wstrict-prototypes -Wmissing-prototypes \
          -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough -Wnull-dereference \
          -Wunused-result $(if $(findstring clang,$(CC)),,-Wstack-usage=16384) -Werror
# V=1 shows the commands.
Q       = $(if $(V),,@echo "  $@";)
FOLDER := smtpproxy pop3proxy pop3conn pipeline filters engines conduits report service

# Every cm-*.c in a program folder is a program; the other .c files there are
# its modules. A program that needs a library of its own names it in a file
# beside it that ends in .lib, and is then built with CC as it stands. A module
# with such a file, be it empty, is for these programs only.
SRC    := $(sort $(foreach d,$(FOLDER),$(wildcard $(d)/cm-*.c)))
LIBBED := $(filter $(patsubst %.lib,%.c,$(wildcard $(patsubst %.c,%.lib,$(SRC)))),$(SRC))
PLAIN  := $(filter-out $(LIBBED),$(SRC))
BIN    := $(patsubst %.c,$(BUILD)/bin/%,$(notdir $(SRC)))

ifneq ($(MUSL),)
  PLAINCC := $(MUSL) $(wordlist 2,99,$(CC)) -static -fno-pie -ffunction-sections -fdata-sections
  PLAININ := $(BUILD)/include
# Fewer pages to touch at a program's start, and base/heap.c in malloc's place.
# Nothing makes RELRO true in a static program of musl, and it costs a page.
# Where there is a large model of data, it keeps large buffers away from the
# small variables, which then share their pages, far behind the text, so that
# they do not reach into a second one. Sorted, the best aligned come first: of
# the large ones that is what malloc gives out.
  PLAINLD := -L$(BUILD)/include -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,--sort-section=alignment -Wl,-u,malloc
  ifneq ($(filter x86_64%,$(shell $(MUSL) -dumpmachine)),)
    PLAINCC += -mcmodel=medium -mlarge-data-threshold=1000
    PLAINLD += -Wl,--section-start=.init_array=0x600000
  endif
else
  PLAINCC := $(CC)
endif

it: $(BIN)

# $(1): the flavour, plain or lib. $(2): its compiler.
define flavour
$(BUILD)/$(1)/%.o: %.c conf-cc conf-home Makefile $(if $(filter plain,$(1)),$(PLAININ))
	@mkdir -p $$(@D)
	$$(Q)$(2) $(WARN) -D_GNU_SOURCE -DCM_CONF_HOME='"$(HOME_)"' -Ibase \
	  $(if $(filter plain,$(1)),$(addprefix -isystem ,$(PLAININ))) -MMD -c -o $$@ $$<
$(foreach d,base $(FOLDER),
$(BUILD)/$(1)/$(d).a: $(patsubst %.c,$(BUILD)/$(1)/%.o,$(filter-out $(d)/cm-% \
  $(if $(filter plain,$(1)),$(patsubst %.lib,%.c,$(wildcard $(d)/*.lib))),$(wildcard $(d)/*.c)))
	@mkdir -p $$(@D); rm -f $$@
	$$(Q)$(AR) rcs $$@ $$^
)
endef
$(eval $(call flavour,plain,$(PLAINCC)))
$(eval $(call flavour,lib,$(CC)))

# What is beside a program: its libraries. A stage takes them from the archives (-static), which
# saves it half of its time; a sanitizer has none.
libraries = $(filter-out $(if $(findstring -fsanitize,$(CC)),-static),$(shell cat $(wildcard $(1:.c=.lib)) /dev/null))

# $(1): the program's source. $(2): its flavour. $(3): its compiler.
define program
$(BUILD)/bin/$(basename $(notdir $(1))): $(BUILD)/$(2)/$(1:.c=.o) \
  $(BUILD)/$(2)/$(patsubst %/,%,$(dir $(1))).a $(BUILD)/$(2)/base.a $(wildcard $(1:.c=.lib))
	@mkdir -p $$(@D)
	$$(Q)$(3) -o $$@ $$(filter %.o %.a,$$^) $(call libraries,$(1)) -Wl,--as-needed -lowfat
endef
$(foreach s,$(PLAIN),$(eval $(call program,$(s),plain,$(PLAINCC) $(PLAINLD))))
$(foreach s,$(LIBBED),$(eval $(call program,$(s),lib,$(CC))))

# musl-gcc does not look into /usr: it is shown libowfat there, and nothing else.
$(BUILD)/include:
	@mkdir -p $@.new
	@for h in $$(dpkg -L libowfat-dev | grep '/usr/include/[^/]*\.h$$'); do ln -sf $$h $@.new/; done
	@ln -sf $$(dpkg -L libowfat-dev | grep 'libowfat\.a$$') $@.new/
	@mv $@.new $@

# Unit tests of modules and the tools of the tests, compiled like the programs.
# Engines are built with CC, and include what musl-gcc is not shown.
PARTS := $(patsubst %,$(BUILD)/plain/%.a,$(filter-out engines,$(FOLDER)) base)
UNIT := $(patsubst tests/base/%.c,$(BUILD)/tests/%,$(wildcard tests/base/*.c))
$(BUILD)/tests/%: tests/base/%.c $(PARTS)
	@mkdir -p $(@D)
	$(Q)$(PLAINCC) $(WARN) -D_GNU_SOURCE $(addprefix -I,base $(FOLDER) tests/base) $(addprefix -isystem ,$(PLAININ)) -MMD \
	  -o $@ $< $(PARTS) $(PLAINLD) -lowfat

# Tools of the tests that are in C may use every module.
TOOL := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
$(TOOL): $(BUILD)/tests/%: tests/tools/%.c $(patsubst %,$(BUILD)/lib/%.a,$(FOLDER) base)
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) -D_GNU_SOURCE $(addprefix -I,base $(FOLDER)) -MMD -o $@ $< \
	  $(filter %.a,$^) $(shell cat $(wildcard $(<:.c=.lib)) /dev/null) -lowfat

# What a fuzzer begins with, as a test; and the fuzzers, with clang and its
# sanitizers: make fuzz [FUZZ=600] [FUZZERS='mime dot'] goes on from there.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
REPLAY := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/replay-%,$(shell grep -L 'libraries:' $(FUZZERS:%=tests/fuzz/%.c)))
# The folder whose modules it names comes first: more than one has a session.
NAMED   = $(shell sed -n 's/.*modules: \([a-z0-9]*\).*/\1/p' $<)
$(REPLAY): $(BUILD)/tests/replay-%: tests/fuzz/%.c tests/fuzz/replay.c $(PARTS)
	@mkdir -p $(@D)
	$(Q)$(PLAINCC) $(WARN) -D_GNU_SOURCE $(addprefix -I,base $(NAMED) $(FOLDER)) $(addprefix -isystem ,$(PLAININ)) \
	  -o $@ $(filter %.c,$^) $(NAMED:%=$(BUILD)/plain/%.a) $(filter %.a,$^) $(PLAINLD) -lowfat
fuzz: it
	@for f in $(FUZZERS); do sh tests/fuzz/run $$f $(or $(FUZZ),60) || exit 1; done
.PHONY: fuzz

# Programs whose Nth allocation fails, where a test asks for that.
define failing
$(BUILD)/failing/$(notdir $(1)): $(BUILD)/plain/$(1).o tests/failing/malloc.c $(BUILD)/plain/$(patsubst %/,%,$(dir $(1))).a $(BUILD)/plain/base.a
	@mkdir -p $$(@D)
	$$(Q)$(PLAINCC) $(WARN) -D_GNU_SOURCE $(addprefix -isystem ,$(PLAININ)) -o $$@ $$^ \
	  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc $(PLAINLD) -Wl,--as-needed -lowfat
endef
FAILING := smtpproxy/cm-smtpd conduits/cm-queue conduits/cm-milter conduits/cm-local pipeline/cm-pipeline
$(foreach p,$(FAILING),$(eval $(call failing,$(p))))

# All plain programs once more, for which every call moves a byte, or is interrupted.
WRAPPED := read write readv writev recv send sendmsg recvmsg sendfile splice copy_file_range poll ppoll waitpid waitid nanosleep flock
define short
$(BUILD)/short/$(basename $(notdir $(1))): $(BUILD)/plain/$(1:.c=.o) $(BUILD)/plain/tests/failing/short.o $(BUILD)/plain/$(patsubst %/,%,$(dir $(1))).a $(BUILD)/plain/base.a
	@mkdir -p $$(@D)
	$$(Q)$(PLAINCC) -o $$@ $$^ $(WRAPPED:%=-Wl,--wrap=%) $(PLAINLD) -Wl,--as-needed -lowfat
endef
$(foreach s,$(PLAIN),$(eval $(call short,$(s))))
SHORT := $(patsubst %.c,$(BUILD)/short/%,$(notdir $(PLAIN)))

all: it $(UNIT) $(TOOL) $(REPLAY) $(patsubst %,$(BUILD)/failing/%,$(notdir $(FAILING))) $(SHORT)

# First what is missing, then a make of its own, which sees what came.
check:
	@sh service/packages.sh build run demo test unpack
	@$(MAKE) --no-print-directory suite

# TESTS= names some tests in place of all, and then no rows are counted. They run side by
# side, JOBS at once, those that take longest first: most of them mostly wait.
LONG  := tests/smtpproxy/everycall.t tests/report/power.t
EVERY := $(UNIT) $(LONG) $(filter-out $(LONG),$(sort $(shell find tests -name '*.t')))
JOBS  := $(shell expr $$(nproc) + 1)
# One that takes more than so many seconds hangs.
BOUND := 1200
TESTS := $(EVERY)
TAP   := $(abspath $(BUILD))/tap
suite: all
	rm -rf $(TAP)
	@PATH="$(abspath $(BUILD))/bin:$$PATH" BUILD="$(abspath $(BUILD))" PERL_TEST_HARNESS_DUMP_TAP="$(TAP)" prove --timer --exec 'tests/bounded $(BOUND)' -j $(JOBS) -r $(TESTS); \
	  code=$$?; $(if $(filter-out $(TESTS),$(EVERY)),,sh tests/rows "$(TAP)" &&) exit $$code
	cd man && ! mandoc -T lint -W style * 2>&1 | grep -v 'not found: Xr [^c]\|outdated mandoc.db'

# The main job on an embedded default; and the same, left up for one's own client.
demo run:
	@sh service/packages.sh build run demo
	@$(MAKE) --no-print-directory it
	@BUILD=$(abspath $(BUILD)) PORT=$(PORT) sh service/demo.sh $@
.PHONY: demo run

# The suite beside its peers; bench/README. ROUNDS and SECONDS make it short.
BENCH := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
$(BUILD)/bench/%: bench/%.c conf-cc
	@mkdir -p $(@D)
	$(Q)$(if $(wildcard $(<:.c=.lib)),$(CC),$(PLAINCC)) $(WARN) -D_GNU_SOURCE -o $@ $< $(shell cat $(wildcard $(<:.c=.lib)) /dev/null)
$(BUILD)/bench/noop-dynamic: bench/noop.c conf-cc
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) -o $@ $<

bench:
	@sh service/packages.sh build run test unpack
	@$(MAKE) --no-print-directory measure
measure: it $(BENCH)
	@bench/run $(BUILD) $(or $(ROUNDS),3) $(or $(SECONDS),2)
	@bench/clients $(BUILD) 400
	@bench/mime $(BUILD)
	@bench/viruses $(BUILD) 4000 $(or $(ROUNDS),3)
	@bench/pop $(BUILD) $(or $(ROUNDS),3) $(or $(SECONDS),2)
	@bench/fetch $(BUILD) $(or $(ROUNDS),3)
cost: $(BENCH) $(BUILD)/bench/noop-dynamic
	@$(abspath $(BUILD))/bench/cost 2000
.PHONY: bench measure cost

# Programs, man pages and example control files; the latter never over others. A
# program comes into its place whole, for the ports that run meanwhile. First, as for
# check, what is missing; but whoever makes a package of it has said what that needs.
DEST = $(DESTDIR)$(HOME_)
install:
	@$(if $(DESTDIR),,sh service/packages.sh build run)
	@$(MAKE) --no-print-directory place
place: it
	install -d $(DEST)/bin $(DEST)/control $(addprefix $(DEST)/man/man,5 7 8)
	for p in $(BIN); do install -m 755 $$p $(DEST)/bin/.new && mv $(DEST)/bin/.new $(DEST)/bin/$${p##*/} || exit 1; done
	for p in man/*; do install -m 644 $$p $(DEST)/man/man$${p##*.} || exit 1; done
	install -d $(DEST)/lists $(addprefix $(DEST)/,$(wildcard lists/*))
	for c in control/* lists/*/*; do [ -e $(DEST)/$$c ] || install -m 644 $$c $(DEST)/$$c || exit 1; done

setup:
	@DESTDIR="$(DESTDIR)" sh service/setup.sh $(HOME_)

clean:
	rm -rf $(BUILD)

.PHONY: it all check suite install place setup clean
# A header that has gone does not stop what once included it from being made anew.
%.h: ;
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard $(BUILD)/plain/*/*.d $(BUILD)/lib/*/*.d $(BUILD)/tests/*.d)
