/* SPDX-License-Identifier: MIT */
/* Questions to the DNS: see dns.h. */
#include "net/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <gio/gio.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

enum { LOOKUP_MS = 5000, SILENCES_MOST = 2, RECORDS_MOST = 200, ANSWER_MOST = 65536 };

struct Dns {
	GResolver *resolver;
	GMainContext *context;
	gint64 until_ms;
	unsigned silences; /* time-outs in a row */
	bool alive, probed; /* it has found something; the root was asked for */
	GHashTable *known; /* "TXT name" → Kept */
};

/* An answer that is kept. */
typedef struct Kept {
	SpfLookup found;
	GPtrArray *list;
} Kept;

static void kept_free(void *data)
{
	Kept *kept = data;
	g_clear_pointer(&kept->list, g_ptr_array_unref);
	g_free(kept);
}

Dns *dns_new(gint64 until_ms)
{
	Dns *dns = g_new0(Dns, 1);
	dns->resolver = g_resolver_get_default();
	dns->context = g_main_context_new();
	dns->until_ms = until_ms;
	dns->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, kept_free);
	return dns;
}

void dns_free(Dns *dns)
{
	if (!dns)
		return;
	g_object_unref(dns->resolver);
	g_main_context_unref(dns->context);
	g_hash_table_unref(dns->known);
	g_free(dns);
}

/* ---- one question ---- */

typedef struct Question {
	Dns *dns;
	GCancellable *cancellable;
	GAsyncResult *result;
	bool late;
} Question;

static void on_answer(GObject *resolver, GAsyncResult *result, void *data)
{
	(void)resolver;
	Question *question = data;
	question->result = g_object_ref(result);
}

static gboolean on_late(void *data)
{
	Question *question = data;
	question->late = true;
	g_cancellable_cancel(question->cancellable);
	return G_SOURCE_REMOVE;
}

/* False: the resolver is asked no more. */
static bool begin(Question *question, Dns *dns)
{
	gint64 now = g_get_monotonic_time() / 1000;
	if (dns->silences >= SILENCES_MOST || now >= dns->until_ms)
		return false;
	*question = (Question){ .dns = dns, .cancellable = g_cancellable_new() };
	g_main_context_push_thread_default(dns->context);
	return true;
}

/* Waits for the answer; a lookup that was cancelled answers at once. */
static void wait(Question *question)
{
	Dns *dns = question->dns;
	gint64 left = MIN(dns->until_ms - g_get_monotonic_time() / 1000, LOOKUP_MS);
	GSource *timer = g_timeout_source_new((guint)MAX(left, 1));
	g_source_set_callback(timer, on_late, question, NULL);
	g_source_attach(timer, dns->context);
	while (!question->result)
		g_main_context_iteration(dns->context, TRUE);
	g_source_destroy(timer);
	g_source_unref(timer);
	g_main_context_pop_thread_default(dns->context);
}

static SpfLookup end(Question *question, GError *error)
{
	Dns *dns = question->dns;
	dns->silences = question->late ? dns->silences + 1 : 0;
	g_object_unref(question->result);
	g_object_unref(question->cancellable);
	if (!error)
		return SPF_FOUND;
	bool nothing = g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
	g_error_free(error);
	return nothing ? SPF_NOTHING : SPF_NO_ANSWER;
}

/* ---- kinds of questions ---- */

/* The kept answer, or a new place for one. */
static bool recall(Dns *dns, const char *kind, const char *name, Kept **kept)
{
	g_autofree char *key = g_strdup_printf("%s %s", kind, name);
	*kept = g_hash_table_lookup(dns->known, key);
	if (*kept)
		return true;
	*kept = g_new0(Kept, 1);
	(*kept)->found = SPF_NO_ANSWER;
	g_hash_table_insert(dns->known, g_steal_pointer(&key), *kept);
	return false;
}

static void take_none(GPtrArray *list, GVariant *record)
{
	(void)list;
	(void)record;
}

static void take_records(Dns *dns, Kept *kept, const char *name, GResolverRecordType type, void (*take)(GPtrArray *list, GVariant *record));

static bool is_believed(Dns *dns)
{
	if (!dns->alive && !dns->probed) {
		Kept none = { SPF_NO_ANSWER, NULL };
		dns->probed = true;
		take_records(dns, &none, ".", G_RESOLVER_RECORD_NS, take_none);
	}
	return dns->alive;
}

static SpfLookup give(Dns *dns, const Kept *kept, GPtrArray **list)
{
	*list = kept->list ? g_ptr_array_ref(kept->list) : NULL;
	return kept->found == SPF_NOTHING && !is_believed(dns) ? SPF_NO_ANSWER : kept->found;
}

static void take_records(Dns *dns, Kept *kept, const char *name, GResolverRecordType type, void (*take)(GPtrArray *list, GVariant *record))
{
	Question question;
	GError *error = NULL;
	if (!begin(&question, dns))
		return;
	g_resolver_lookup_records_async(dns->resolver, name, type, question.cancellable, on_answer, &question);
	wait(&question);
	GList *records = g_resolver_lookup_records_finish(dns->resolver, question.result, &error);
	kept->found = end(&question, error);
	dns->alive |= kept->found == SPF_FOUND;
	unsigned n = 0;
	for (GList *r = records; r && n < RECORDS_MOST; r = r->next, n++)
		take(kept->list, r->data);
	g_list_free_full(records, (GDestroyNotify)g_variant_unref);
	if (kept->found == SPF_FOUND && kept->list && kept->list->len == 0)
		kept->found = SPF_NOTHING;
}

/* The strings of one record are one text (RFC 7208, 3.3). What stands behind a NUL is cut off. */
static char *join_strings(const guchar *data, size_t size)
{
	GString *text = g_string_new(NULL);
	for (size_t at = 0; at < size && at + 1 + data[at] <= size; at += 1u + data[at])
		g_string_append_len(text, (const char *)data + at + 1, data[at]);
	return g_string_free(text, FALSE);
}

/* Asks libc: GIO's resolver (2.74) ends the process at a text that is no UTF-8, and anybody may publish one. */
static void ask_for_texts(GTask *task, gpointer resolver, gpointer name, GCancellable *cancellable)
{
	(void)resolver;
	(void)cancellable;
	struct __res_state state = { 0 };
	g_autofree guchar *answer = g_malloc(ANSWER_MOST);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	ns_msg message;
	ns_rr record;
	int size = -1, trouble = TRY_AGAIN;
	if (res_ninit(&state) == 0) {
		size = res_nquery(&state, name, ns_c_in, ns_t_txt, answer, ANSWER_MOST);
		trouble = state.res_h_errno;
		res_nclose(&state);
	}
	if (size < 0) {
		bool none = trouble == HOST_NOT_FOUND || trouble == NO_DATA;
		g_task_return_new_error(task, G_RESOLVER_ERROR, none ? G_RESOLVER_ERROR_NOT_FOUND : G_RESOLVER_ERROR_TEMPORARY_FAILURE, "TXT");
		return;
	}
	int count = ns_initparse(answer, MIN(size, ANSWER_MOST), &message) == 0 ? MIN(ns_msg_count(message, ns_s_an), RECORDS_MOST) : 0;
	for (int i = 0; i < count && ns_parserr(&message, ns_s_an, i, &record) == 0; i++)
		if (ns_rr_type(record) == ns_t_txt)
			g_ptr_array_add(texts, join_strings(ns_rr_rdata(record), ns_rr_rdlen(record)));
	g_task_return_pointer(task, g_steal_pointer(&texts), (GDestroyNotify)g_ptr_array_unref);
}

SpfLookup dns_texts(Dns *dns, const char *name, GPtrArray **texts)
{
	Kept *kept;
	Question question;
	GError *error = NULL;
	if (recall(dns, "TXT", name, &kept) || !begin(&question, dns))
		return give(dns, kept, texts);
	g_autoptr(GTask) task = g_task_new(dns->resolver, question.cancellable, on_answer, &question);
	g_task_set_task_data(task, g_strdup(name), g_free);
	g_task_set_return_on_cancel(task, TRUE);
	g_task_run_in_thread(task, ask_for_texts);
	wait(&question);
	kept->list = g_task_propagate_pointer(task, &error);
	kept->found = end(&question, error);
	dns->alive |= kept->found == SPF_FOUND;
	if (kept->found == SPF_FOUND && kept->list->len == 0)
		kept->found = SPF_NOTHING;
	return give(dns, kept, texts);
}

/* "10 mx.example", for sorting by what stands before the space. */
static void take_exchanger(GPtrArray *list, GVariant *record)
{
	guint16 preference;
	const char *host;
	g_variant_get(record, "(q&s)", &preference, &host);
	g_autofree char *plain = g_strdup(host);
	size_t size = strlen(plain);
	if (size && plain[size - 1] == '.')
		plain[size - 1] = 0;
	g_ptr_array_add(list, g_strdup_printf("%05u %s", preference, plain));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

SpfLookup dns_exchangers(Dns *dns, const char *name, GPtrArray **hosts)
{
	Kept *kept;
	if (!recall(dns, "MX", name, &kept)) {
		kept->list = g_ptr_array_new_with_free_func(g_free);
		take_records(dns, kept, name, G_RESOLVER_RECORD_MX, take_exchanger);
		g_ptr_array_sort(kept->list, by_text);
		for (guint i = 0; i < kept->list->len; i++) {
			char *host = kept->list->pdata[i];
			memmove(host, host + 6, strlen(host + 6) + 1);
		}
	}
	return give(dns, kept, hosts);
}

SpfLookup dns_addresses(Dns *dns, const char *name, GPtrArray **addresses)
{
	Kept *kept;
	Question question;
	GError *error = NULL;
	if (recall(dns, "A", name, &kept) || !begin(&question, dns))
		return give(dns, kept, addresses);
	kept->list = g_ptr_array_new_with_free_func(g_free);
	g_resolver_lookup_by_name_async(dns->resolver, name, question.cancellable, on_answer, &question);
	wait(&question);
	GList *found = g_resolver_lookup_by_name_finish(dns->resolver, question.result, &error);
	kept->found = end(&question, error);
	SpfAddress literal;
	bool asked = found && !spf_address(name, &literal) && !g_inet_address_get_is_loopback(found->data);
	dns->alive |= asked; /* loopback's names stand in a file */
	for (GList *f = found; f; f = f->next) {
		SpfAddress *address = g_new0(SpfAddress, 1);
		address->v6 = g_inet_address_get_family(f->data) == G_SOCKET_FAMILY_IPV6;
		memcpy(address->bytes, g_inet_address_to_bytes(f->data), address->v6 ? 16 : 4);
		g_ptr_array_add(kept->list, address);
	}
	g_resolver_free_addresses(found);
	return give(dns, kept, addresses);
}

SpfLookup dns_name(Dns *dns, const SpfAddress *address, char **name)
{
	Question question;
	GError *error = NULL;
	*name = NULL;
	if (!begin(&question, dns))
		return SPF_NO_ANSWER;
	g_autoptr(GInetAddress) inet = g_inet_address_new_from_bytes(address->bytes, address->v6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4);
	g_resolver_lookup_by_address_async(dns->resolver, inet, question.cancellable, on_answer, &question);
	wait(&question);
	*name = g_resolver_lookup_by_address_finish(dns->resolver, question.result, &error);
	SpfLookup found = end(&question, error);
	return found == SPF_NOTHING && !is_believed(dns) ? SPF_NO_ANSWER : found;
}

char *dns_address_text(const SpfAddress *address)
{
	char text[INET6_ADDRSTRLEN];
	inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof text);
	return g_strdup(text);
}

void dns_meet(Dns *dns, const char *domain)
{
	g_autoptr(GPtrArray) hosts = NULL, texts = NULL;
	dns_exchangers(dns, domain, &hosts);
	dns_texts(dns, domain, &texts);
}

/* ---- for SPF ---- */

static SpfLookup ask_texts(void *data, const char *name, GPtrArray **texts)
{
	return dns_texts(data, name, texts);
}

static SpfLookup ask_addresses(void *data, const char *name, GPtrArray **addresses)
{
	return dns_addresses(data, name, addresses);
}

static SpfLookup ask_exchangers(void *data, const char *name, GPtrArray **hosts)
{
	return dns_exchangers(data, name, hosts);
}

SpfAsk dns_ask(Dns *dns)
{
	return (SpfAsk){ ask_texts, ask_addresses, ask_exchangers, dns };
}
