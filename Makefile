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
BASE_PKGS   = glib-2.0 jansson
HOST_PKGS   = $(BASE_PKGS) sqlite3
NET_PKGS    = $(BASE_PKGS) libcurl libsodium
WORKER_PKGS = $(BASE_PKGS) gmime-3.0 libseccomp md4c md4c-html
# ---------------------------------------------------------------------------------------------------------------

CFLAGS  = -std=c17 $(OPT) $(WARN) -D_GNU_SOURCE -DPERIGEE_VERSION='"$(VERSION)"' -DG_LOG_DOMAIN='"perigee"' -Iruntime -MMD -fstack-protector-strong $(SANFLAGS)
LDFLAGS = -Wl,-z,relro,-z,now $(SANFLAGS)
pkg     = $(shell pkg-config $(1) $(2) 2>/dev/null)

sources = $(sort $(foreach d,$(1),$(wildcard runtime/$(d)/*.c)))
objects = $(patsubst %.c,$(BUILD)/$(2)/%.o,$(call sources,$(1)))

HOST_OBJ   = $(call objects,base host cli,host) $(BUILD)/host/migrations.o $(BUILD)/host/scripts.o
NET_OBJ    = $(call objects,base net,net)
WORKER_OBJ = $(call objects,base worker,worker) $(BUILD)/worker/stdlib.o
LIBEXEC    = $(BUILD)/libexec/perigee
PROGRAMS   = $(BUILD)/perigee $(LIBEXEC)/net $(LIBEXEC)/worker

all: $(PROGRAMS) ## build the programs (this is plain `make`)

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

$(BUILD)/perigee: $(HOST_OBJ)
	$(CC) $(LDFLAGS) -pie -o $@ $^ $(call pkg,--libs,$(HOST_PKGS)) -lm
$(LIBEXEC)/net: $(NET_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -pie -o $@ $^ $(call pkg,--libs,$(NET_PKGS))
# Lua stands in the worker statically and at a fixed place, which pins its hash seed (docs/architecture.md, determinism).
$(LIBEXEC)/worker: $(WORKER_OBJ)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -no-pie -o $@ $^ -l:liblua5.4.a $(call pkg,--libs,$(WORKER_PKGS)) -lm

$(BUILD)/host/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(HOST_PKGS)) -c -o $@ $<
$(BUILD)/net/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIE $(call pkg,--cflags,$(NET_PKGS)) -c -o $@ $<
$(BUILD)/worker/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fno-pie $(call pkg,--cflags,$(WORKER_PKGS) lua5.4) -c -o $@ $<

STDLIB     = $(sort $(shell find stdlib -name '*.lua'))
MIGRATIONS = $(sort $(wildcard runtime/host/migrations/*.sql))
SCRIPTS    = $(sort $(shell find scripts -type f))
$(BUILD)/worker/stdlib.S: $(STDLIB) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_stdlib stdlib/ $(STDLIB) > $@
$(BUILD)/host/migrations.S: $(MIGRATIONS) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_migrations runtime/host/migrations/ $(MIGRATIONS) > $@
$(BUILD)/host/scripts.S: $(SCRIPTS) tools/embed.sh
	@mkdir -p $(@D)
	tools/embed.sh embedded_scripts scripts/ $(SCRIPTS) > $@
%.o: %.S
	$(CC) -c -o $@ $<

clean: ## remove build/
	rm -rf build

.PHONY: all help clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
