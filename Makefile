# SPDX-License-Identifier: MIT
# Perigee. `make help` lists the targets; all that is built stands under build/.

# ---- settings -------------------------------------------------------------------------------------------------
BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= cc
OPT    ?= -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes $(if $(CI),-Werror)
VERSION = 0.1.0

# Each program links its own libraries and no others (docs/architecture.md); tests/house.sh checks it.
BASE_PKGS   = glib-2.0 jansson libseccomp
HOST_PKGS   = $(BASE_PKGS) sqlite3
NET_PKGS    = $(BASE_PKGS) libcurl libsodium libcrypto gio-2.0
WORKER_PKGS = $(BASE_PKGS) gmime-3.0 md4c md4c-html
WEB_PKGS    = $(BASE_PKGS) libmicrohttpd
# ---------------------------------------------------------------------------------------------------------------

CFLAGS  = -std=c17 $(OPT) $(WARN) -D_GNU_SOURCE -DPERIGEE_VERSION='"$(VERSION)"' -DG_LOG_DOMAIN='"perigee"' -Iruntime -MMD -MP -fstack-protector-strong $(SANFLAGS)
LDFLAGS = -Wl,-z,relro,-z,now $(SANFLAGS)
pkg     = $(shell pkg-config $(1) $(2) 2>/dev/null)

sources = $(sort $(foreach d,$(1),$(wildcard runtime/$(d)/*.c)))
objects = $(patsubst %.c,$(BUILD)/$(2)/%.o,$(call sources,$(1)))

base_OBJ   = $(call objects,base,base)
host_OBJ   = $(call objects,base host cli,host) $(BUILD)/host/migrations.o $(BUILD)/host/scripts.o $(BUILD)/host/pages.o $(BUILD)/host/docs.o
net_OBJ    = $(call objects,base net,net)
web_OBJ    = $(call objects,base web,web)
worker_OBJ = $(call objects,base worker,worker) $(BUILD)/worker/stdlib.o
LIBEXEC    = $(BUILD)/libexec/perigee
PROGRAMS   = $(BUILD)/perigee $(LIBEXEC)/net $(LIBEXEC)/web $(LIBEXEC)/worker

all: $(PROGRAMS) ## build the programs (this is plain `make`)

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

# What each role's objects are linked with; tests/c/*_test.c are linked as the role they name. Lua stands in the worker
# statically and at a fixed place, which pins its hash seed (docs/architecture.md, determinism).
LINK_base   = -pie $(call pkg,--libs,$(BASE_PKGS))
LINK_host   = -pie $(call pkg,--libs,$(HOST_PKGS)) -lm
LINK_net    = -pie $(call pkg,--libs,$(NET_PKGS)) -lresolv
LINK_web    = -pie $(call pkg,--libs,$(WEB_PKGS))
LINK_worker = -no-pie -l:liblua5.4.a $(call pkg,--libs,$(WORKER_PKGS)) -lm
link        = @mkdir -p $(@D); echo "LINK $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LINK_$(1))

$(BUILD)/perigee: $(host_OBJ)
	$(call link,host)
$(LIBEXEC)/net: $(net_OBJ)
	$(call link,net)
$(LIBEXEC)/web: $(web_OBJ)
	$(call link,web)
$(LIBEXEC)/worker: $(worker_OBJ)
	$(call link,worker)

$(BUILD)/base/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(BASE_PKGS)) -c -o $@ $<
$(BUILD)/host/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(HOST_PKGS)) -c -o $@ $<
$(BUILD)/net/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(NET_PKGS)) -c -o $@ $<
$(BUILD)/web/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(WEB_PKGS)) -c -o $@ $<
$(BUILD)/worker/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fno-pie $(call pkg,--cflags,$(WORKER_PKGS) lua5.4) -c -o $@ $<

STDLIB     = $(sort $(shell find stdlib -name '*.lua' 2>/dev/null))
MIGRATIONS = $(sort $(wildcard runtime/host/migrations/*.sql))
SCRIPTS    = $(sort $(shell find scripts -type f -not -name '*.db*' -not -path '*/run/*'))
$(BUILD)/worker/stdlib.S: $(STDLIB) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_stdlib stdlib/ $(STDLIB) > $@
$(BUILD)/host/migrations.S: $(MIGRATIONS) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_migrations runtime/host/migrations/ $(MIGRATIONS) > $@
$(BUILD)/host/scripts.S: $(SCRIPTS) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_scripts scripts/ $(SCRIPTS) > $@
$(BUILD)/host/pages.S: runtime/cli/report.css tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_pages runtime/cli/ runtime/cli/report.css > $@
$(BUILD)/host/docs.S: docs/codes.md docs/library.md tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_docs docs/ docs/codes.md docs/library.md > $@
%.o: %.S
	$(CC) -c -o $@ $<

# ---- tests ----------------------------------------------------------------------------------------------------
# A C test says in its opening lines whose parts it tests: /* LINKS: base|host|net|web|worker */. It is compiled as that
# role's files are and linked with all of its objects but main's. Benches in C (tests/bench/*.c) likewise.
c_tests   = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/c/*_test.c))
c_benches = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/*.c))
define c_test
$(BUILD)/tests/$(1): $(BUILD)/$(2)/tests/$(1).o $(filter-out %/main.o,$($(2)_OBJ))
	$$(call link,$(2))
endef
$(foreach t,$(c_tests) $(c_benches),$(eval $(call c_test,$(t:$(BUILD)/tests/%=%),$(shell sed -n \
	's,.*LINKS: *\([a-z]*\).*,\1,p' $(t:$(BUILD)/%=%.c) | head -1))))

# The worker's whole program, but that a jailed child makes the raw system calls that it is asked for (tests/raw/worker.c).
raw_worker = $(BUILD)/tests/raw/worker
$(raw_worker): $(BUILD)/worker/tests/raw/worker.o $(worker_OBJ)
	$(call link,worker) -Wl,--wrap=worker_serve

# Fuzz targets (clang alone) are linked with their role's archive, so that a function which a target defines itself takes the
# place of the role's.
FUZZ_FLAGS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifdef FUZZ
fuzzers = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/$(or $(TARGET),*)_fuzz.c))
$(fuzzers): LDFLAGS += -fsanitize=fuzzer
$(foreach r,base host net web worker,$(eval $(BUILD)/$(r).a: $(filter-out %/main.o,$($(r)_OBJ)); @rm -f $$@; ar qcs $$@ $$^))
define fuzzer
$(BUILD)/tests/$(1): $(BUILD)/$(2)/tests/$(1).o $(BUILD)/$(2).a
	$$(call link,$(2))
endef
$(foreach t,$(fuzzers),$(eval $(call fuzzer,$(t:$(BUILD)/tests/%=%),$(shell sed -n \
	's,.*LINKS: *\([a-z]*\).*,\1,p' $(t:$(BUILD)/%=%.c) | head -1))))
endif

# perigee.lua of a shipped script stands for its workspace, whose own tests are run.
tests     = $(filter-out tests/e2e/%,$(wildcard tests/house.py tests/*/*_test.lua tests/*/*_test.sh tests/*/*_test.py scripts/*/perigee.lua))
e2e_tests = $(wildcard tests/e2e/*_test.py)
benches   = $(wildcard tests/bench/*.py tests/bench/*.sh)
run_env   = BUILD=$(BUILD) PERIGEE=$(abspath $(BUILD)/perigee)
submake   = $(MAKE) --no-print-directory -s
jobs      = $(shell nproc 2>/dev/null || echo 2)

deps: ## install what building and testing need (apt-get; elsewhere prints the list)
	@tools/deps.sh build test e2e lint

demo: ## install what is missing, build, run the main job on the simulated clock
	@tools/deps.sh build
	@$(submake) -j$(jobs) all
	@$(BUILD)/perigee -C scripts/creator-intro sim creator-intro --contacts contacts.csv --replies replies.csv

test: ## install what is missing, build, run all quick tests
	@tools/deps.sh build test
	@$(submake) -j$(jobs) run-tests
run-tests: all $(c_tests) $(raw_worker)
	@$(run_env) prove -j$(jobs) -e tools/run-test $(tests) $(c_tests)

check: ## the same tests under ASan and UBSan, built in build/san
	@$(submake) test BUILD=build/san OPT='-O1 -g' SANFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'

attacks: all ## run hostile scripts through the program: make attacks DIR=FOLDER, else ours and those beside the project
	@$(run_env) python3 tests/attacks/attacks.py $(or $(DIR),tests/attacks/scripts $(wildcard ../shared/attacks))

e2e: ## the main job against real Postfix and Dovecot on ports of its own (as root)
	@tools/deps.sh build e2e test
	@$(submake) -j$(jobs) all
	@$(run_env) prove --timer -e tools/run-test $(e2e_tests)

fuzz: ## fuzz the parsers of foreign bytes, each for SECONDS (60), or TARGET=NAME alone (as clang builds them in build/fuzz)
	@tools/deps.sh build fuzz
	@$(submake) -j$(jobs) BUILD=build/fuzz CC=clang OPT='-O1 -g' SANFLAGS='$(FUZZ_FLAGS)' FUZZ=1 run-fuzzers
run-fuzzers: $(fuzzers)
	@tools/fuzz $(or $(SECONDS),60) $(fuzzers)

bench: ## measure: runs a second, start-up, simulation
	@tools/deps.sh build test
	@$(submake) -j$(jobs) all $(c_benches)
	@for b in $(c_benches) $(benches); do echo "# $$b"; case $$b in *.py) i=python3;; *.sh) i=sh;; *) i=;; esac; $(run_env) $$i $$b || exit 1; done

lint: ## clang without a warning, syntax of all Lua, shell and Python
	@tools/deps.sh build lint
	@$(submake) -j$(jobs) BUILD=build/clang CC=clang CI=1 all
	@$(submake) -j$(jobs) BUILD=build/clang CC=clang CI=1 $(patsubst $(BUILD)/%,build/clang/%,$(c_tests))
	@find stdlib scripts tests -name '*.lua' | xargs -r -n1 luac5.4 -p
	@for f in tools/* .ci/run $(wildcard tests/*/*.sh); do sh -n $$f || exit 1; done
	@find tests tools -name '*.py' -exec python3 -c 'import ast,sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]' {} +

install: all ## install under PREFIX (/usr/local), inside DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/perigee $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/perigee/meta/perigee
	install -m 755 $(BUILD)/perigee $(DESTDIR)$(PREFIX)/bin/perigee
	install -m 755 $(LIBEXEC)/net $(LIBEXEC)/web $(LIBEXEC)/worker $(DESTDIR)$(PREFIX)/libexec/perigee/
	install -m 644 man/perigee.1 $(DESTDIR)$(PREFIX)/share/man/man1/perigee.1
	install -m 644 $(wildcard stdlib/meta/*.lua) $(DESTDIR)$(PREFIX)/share/perigee/meta/
	install -m 644 $(wildcard stdlib/perigee/*.lua) $(DESTDIR)$(PREFIX)/share/perigee/meta/perigee/

clean: ## remove build/
	rm -rf build

.PHONY: all help deps demo test run-tests check attacks e2e fuzz run-fuzzers bench lint install clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
