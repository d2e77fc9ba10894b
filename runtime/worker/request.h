/* SPDX-License-Identifier: MIT */
/* The rules for requests (base/rules.h, base/url.h) as stdlib/http.lua asks for them. A fault is a text, nil is none. */
#ifndef PERIGEE_WORKER_REQUEST_H
#define PERIGEE_WORKER_REQUEST_H

#include <lua.h>

/* host.url(text): "HOST:PORT", the host alone, is it https, how often {secret} stands in it; or nil and the fault. */
int l_url(lua_State *L);
/* host.url_in(text, list): does the list (needs.net) name it? */
int l_url_in(lua_State *L);
/* host.entry_fault(text): of needs.net. */
int l_entry_fault(lua_State *L);
/* host.pick_fault(path) */
int l_pick_fault(lua_State *L);
/* host.header_fault(name), host.value_fault(text), host.key_fault(text), host.secret_fault(text) */
int l_header_fault(lua_State *L);
int l_value_fault(lua_State *L);
int l_key_fault(lua_State *L);
int l_secret_fault(lua_State *L);
/* host.methods(): the list of them. host.only_reads(method) */
int l_methods(lua_State *L);
int l_only_reads(lua_State *L);

#endif
