/* SPDX-License-Identifier: MIT */
/*
 * What the roles say to each other. Each frame is listed with its fields in order; `json` is canonical text
 * (value.h) in a str field. The host starts every conversation; ids are the host's.
 *
 * Fork servers. The worker program (a zygote) and net's parent are both started by the host with one end of a
 * socketpair as descriptor 3, and fork children that each get a socketpair of their own from the host:
 *   host > F_FORK    id=child number, fd=the child's end   str json: what the child is to be
 *   host < F_FORKED  id   u32 pid
 *   host > F_KILL    id                                     the child is killed (SIGKILL) if it still lives
 *   host < F_ENDED   id   u32 wait status                   it has been reaped
 *   host < F_STARTED id=0  str fingerprint (worker/fingerprint.h)    the worker program alone, once, before all else
 * Started with the word `check` instead (serve at its start, and doctor), either says what its jail holds, and ends:
 *   host < F_CHECKED id=0  json [{"name","state":"ok"|"warn"|"fail"|"unknown","text"}]
 * net started with `check-mail` (doctor) looks at accounts; rows come as they are found, sorted by id they are in order:
 *   host > F_CHECK   id=0  json {"public_url": text or null,"allow_addresses":[..],"accounts":[{"account":name,"config":{the account}}]}
 *   host < F_CHECKED id    json as above, any number of times; then it ends
 * End of file on descriptor 3 ends a fork server. A child ends at the end of file of its own socket.
 *
 * Worker (json of F_FORK: {"domain":NAME}). One request is worked on at a time, in the order asked; requests that
 * come during a visit are kept. Programs are numbered by the host, per worker. The host takes what a worker says for the call
 * that it works on, and for programs in the order given, once each; anything else ends the worker.
 *   > W_LOAD      id=program  u8 ProgramType, str name, u32 n, n × (str module, str source)
 *                 The first source is the main one. SCRIPT: a sequence or job file and every workspace module it may
 *                 require (module = the name given to require). TEMPLATE: the files of one template, module = file
 *                 name ("intro.md", "intro.fr.md"). LIQUID: plain Liquid, main file then partials (module = partial
 *                 name). WORKSPACE: perigee.lua, and (a second source) changes to its values: stdlib/whatif.lua. TEST: a file of tests/ and workspace modules. MODEL: a model of
 *                 contacts for sim and workspace modules.
 *   < W_LOADED    id  json declarations (below)
 *   < W_REFUSED   id  str code, str text, str where          it can't be loaded; where is "FILE:LINE" or ""
 *   > W_DROP      id=program                                 forget it
 *   > W_VISIT     id=ticket  u64 program, u8 VisitMode, u64 seed, json start, i64 started (Time),
 *                 u32 n, n × (str kind, json args, json answer, i64 answered (Time))
 *   < W_EFFECT    id=ticket  u32 position, u8 waits, str kind, json args, str where
 *                 After waits=1 the visit is over and its state gone. Else the worker waits for:
 *   > W_ANSWER    id=ticket  u32 position, i64 answered (Time), json answer
 *   > W_ABANDON   id=ticket                                  instead of an answer: drop the visit, say nothing
 *   < W_REWRITE   id=ticket  u32 position, json args         LOOSE only: this entry matched with other arguments
 *   < W_DONE      id=ticket  json outcome                    what run returned: a string, or null; then
 *   < W_FAILED    id=ticket  str code, str text, str where   code: "error", "invalid", "limit", "memory" ...
 *   < W_DIVERGED  id=ticket  u32 position, str kind, json args, str where   what the script asked for instead;
 *                 kind "" : it ended although the journal goes on
 *   > W_RENDER    id=ticket  u64 program (TEMPLATE or LIQUID), json data, json options
 *   < W_RENDERED  id=ticket  json result, str bytes (the MIME entity, or plain Liquid's output)
 *                 or W_FAILED (code "invalid", text names what is missing, where "FILE:LINE")
 *   > W_MAIL      id=ticket  str bytes                       a raw mail; domain "mail" only
 *   < W_MAIL_READ id=ticket  json as below
 *   < W_COVERED   id=0  json {FILE:{"lines":[lines that can run],"ran":[lines]}}: what is new, before the frame by which a request may be
 *                 over. Only of a worker that was started with {"domain":NAME,"coverage":true}
 * A limit ends the whole worker (no Lua error can be a limit): it says W_FAILED code "limit" where it still can, exits, and
 * the host starts another.
 *
 * Answers are objects: {"r":[results]} is what the call returns in Lua (null is nil), {"raise":"text"} raises an error
 * at the caller's line, and "c":{...} beside either holds the attributes of the contact that changed.
 *
 * start: {"contact":{...} or absent for a job or hook, "request":{..} of a hook (host/hooks.h), "state":any, "due":seconds (jobs), "sequence":name, "run":"id", "test":number}.
 * contact: {"id","name","first_name","locale","timezone","country","company","owner","stage" (absent when empty),
 *   "identities":{"email":"a@b.c",...}, "labels":["a","b"] sorted, "fields":{...}}. A change names whole members;
 *   null removes one.
 *
 * declarations:
 *   SCRIPT    {"type":"sequence"|"job"|"hook","name","title","needs":{...},"topic","account":{channel:name},"on_reply","on_handled",
 *             "starts_on":[..],"limits":{..},"schedule","zone","missed","overlap","verify" (of a hook: stdlib/verify.lua; secrets by name),"warnings":[..],
 *             "effects":[{"kind","channel","template","line"}]: what could be read off the source by a scan for check,
 *             "modules":[the script's own file, and the workspace modules that it requires],
 *             "library":{"perigee.ab": source}: the modules of the stdlib that it requires. The host keeps them with the version and
 *             hands them back as modules named "[perigee.ab]"}
 *   TEMPLATE  {"name","variants":[{"file","locale","subject","purpose","personal","preheader","attach","documents":[names],"title","filename","approved","channels":[..]}],
 *             "fields":[names of variables used without a default], "uses":[all top-level variables used],
 *             "findings":[{"file","line","fault","text"}]: what check says of it}
 *   LIQUID    {}
 *   WORKSPACE the normalized workspace (docs/architecture.md): {"workspace":{..},"accounts":[{..}]}
 *   TEST      {"tests":["name",...]}
 *   MODEL     {"message","task"}: which of the two it has a function for
 *   SCAN      of a script or test that is read and not run: "effects", "warnings" and "faults", as of SCRIPT. Each has its place:
 *             "line","column" (a byte, from 1),"size" and, where it is a module's, "file"; faults and warnings have "text" and "code"
 *
 * Effects (kind: args → results). "contact" is in args only for a contact other than the run's own.
 *   waiting:  http {method,url,headers:{lower-case name: value},body: text | json: any | form:{name: text},timeout,pick:[..],
 *             idempotency_key,secrets:[{secret,place}]} → {status,headers,body,json} | null,text,code
 *             send {channel,template,opts,try} → message {id,channel,at,subject} | null,text,code,rule
 *             reach {channels:[..],template,opts,try} → as send
 *             sleep {for} → ;  wait_reply {within} → {text,channel,at,subject,kind} | null | null,text,"bounced"
 *             wait {events:[..],within} → {event,at,...} | null;  restart {state} (never answered)
 *             broadcast {channel,account,to,template,vars,at,locale} → id | null,text,code,rule (once it is rendered)
 *   inner:    now {} → ; log {text,fields} → ; date {time,shift,zone} → seconds;
 *             calendar {time,zone} → {year,month,day,hour,minute,weekday,date,time}
 *             can {channel} → "send"|"hand"|null,text,rule
 *             task {kind,note,due} → id; set {changes} → ; label {label} → ; unlabel {label} → ; note {text} →
 *             messages {limit,channel,direction} → [{direction,channel,at,kind,by,template,purpose,subject,text}] newest first
 *             signal {name,data} → ; enrol {sequence,key} → text; stop {sequence} →
 *             store.get {key} → value; store.set {key,value} → ; store.add {key,n} → number; store.delete {key} → ;
 *             store.list {prefix} → [{key,value}]
 *             contacts.find {..} → [contact]; contacts.get {id} → contact|null; contacts.upsert {..} → contact
 *             contacts.segment {name} → [contact]
 *             test.* (TEST programs): http {method,url,status,headers,body|json | error (a code),text}: prepares an answer; enrol {sequence,contact} → run id; advance {for}; reply {channel,text,contact}; event {..};
 *             sent {..filter} → [messages sent since the last look that match]; requests {..filter} → [the oldest request that matches and
 *             no look has taken, or none]; tasks {..} → [tasks]; broadcasts {..} → [broadcasts]; outcome {} → text|null;
 *             now {} → ISO text; missed {expected: "sent"|"nothing"|"request"|"no request"|"task"|"no task"|"outcome"|"value",wanted}: an expectation is about to fail
 * seconds are integers since the epoch; durations go as the script wrote them (text or seconds), the host resolves them.
 *
 * options of W_RENDER (TEMPLATE): {"channel","locale","thread_subject": or absent,"boundary": 32 hex digits,"html":bool,
 *   "links": {"base","tokens":[..]} for the filter link, or absent}.
 * result: {"subject","preheader","text","html" (e-mail),"purpose","personal","attach":[..],"documents":[names],"locale","variant",
 *   "links":[{"url","within"}]: what each of the first tokens stands for}; bytes: for
 *   e-mail the MIME entity, beginning with its Content- headers (CRLF), nothing else: the host writes all other headers.
 * With options {"document":true,"locale"} the template is a document: result {"title","filename","locale"}; bytes: its page, HTML.
 *
 * W_MAIL_READ: {"kind","text","in_reply_to","references":[..],"message_id","from","from_name","to":[..],"cc":[..],"delivered_to":[..],
 *   "subject","date":seconds,"bounces":[{recipient,status,action,class,reason,message_id}],"returns":date|null,
 *   "original_message_id" (of the mail a bounce or complaint returns),"auto":bool}. Message-IDs without < >.
 *
 * Net (json of F_FORK: {"account":name,"role":"sender"|"reader","config":{the account},"allow_addresses":[..]}).
 * or {"role":"requester","secrets":[names],"allow_addresses":[..]}: the one child for the requests of scripts.
 * To net's parent itself:
 *   > N_SETTLE   id  u32 n, n × str message_id            what does the send log say?
 *   < N_SETTLED  id  u32 n, n × (u8 SettledState, u32 code, str enhanced, str text)
 *   > N_TRIM     id  u32 n, n × str message_id            all settled: keep only these in the log
 *   > N_RELOAD   id                                       the vault file has changed; children are told by restart
 *   < N_READY    id=0  json {"vault":"open"|"none"|"locked","text":..}   once, after start
 * Sender:
 *   > N_FILE     id=message number, fd=a file open for reading   u64 place, u64 size: its base64, in lines of 76 and each with CRLF,
 *                is inserted into the bytes of the N_SEND that follows with this id, at that place of them, the start of a line;
 *                places ascend
 *   > N_SEND     id=message number  str message_id, str envelope from, u32 n, n × str recipient, str bytes (CRLF lines)
 *   < N_SENT     id=message number  u8 SentClass, u32 code, str enhanced, str text
 *   < N_HEALTH   id=0  u8 HealthState, str code, str text       connection or sign-in trouble, and its end
 * Reader:
 *   > N_WATCH    id=0  json [{"folder","role":"inbox"|"sent","uidvalidity","uid","modseq","since":"22-Nov-2026"}]  once
 *   > N_READ     id=pass                                  read all folders now
 *   < N_MAIL     id=0  str folder role, u32 uidvalidity, u32 uid, i64 internaldate (Time), u8 seen, str bytes
 *   < N_MAILBOX  id=0  str folder role, u32 uidvalidity, u32 uid, u64 modseq    all up to here has been sent as N_MAIL
 *   < N_PASSED   id=pass  u8 ok, str text                 the read that was asked for is over
 *   > N_FIND     id  str message_id                       is it in the Sent folder?
 *   < N_FOUND    id  u8 0 no, 1 yes, 2 can't tell
 *   < N_HEALTH
 * Requester (several requests at a time, answered in any order):
 *   > N_REQUEST  id=request  str json {"key": its name in the send log,"method","url","headers":{lower-case name: value},
 *                "body": text or absent,"timeout": seconds,"hosts":[host or host:port: where it and its redirects may go],
 *                "secrets":[{"secret":name,"place": as in the vault, or "": wherever it is bound}],"pick":[JSON paths]}
 *   < N_RESPONSE id  str code: "" (there is an answer), "refused" (the guard, or a secret's place or host), "invalid",
 *                "unreachable" (nothing was sent; of GET and HEAD also: no whole answer came), "timeout" (GET and HEAD),
 *                "limit" (the answer is too large; it was carried out), "unknown" (other than GET and HEAD: it may have been
 *                carried out); str text in words; str json {"status","headers":{},"body","json"} or "". No body with pick,
 *                and "binary":true instead of a body that is no UTF-8 (net/answer.h). Redirects of GET and HEAD are followed.
 *
 * Web (started with the address to listen on; its word is a stranger's, a bad frame ends it):
 *   < X_LISTENING   id=0  u8 ok, str text      once, at its start: the address it listens on ("127.0.0.1:8085"), or why it can't
 *   < X_FOLLOW      id=request  u8 FollowKind, str token, u8 act   a link of ours was opened: act 0 shows what it is, 1 does it (of a
 *                LINK: it was opened by a GET, not looked at by a HEAD)
 *   > X_FOLLOWED    id=request  u8 FollowState, str from (our name), str address (theirs, masked), str locale (theirs), str url (where a
 *                LINK goes). What act=1 did is said only once it is committed. Texts are "" where nothing is known.
 */
#ifndef PERIGEE_PROTO_H
#define PERIGEE_PROTO_H

#define FORK_SERVER_FD 3

/* GLIBC_TUNABLES of worker programs: some functions of libm give other last digits on processors with FMA, and a run may
 * be replayed on another machine. The host starts workers with it; one that was started otherwise starts itself anew. */
#define WORKER_TUNABLES "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX2_Usable,-FMA_Usable,-FMA4_Usable"

typedef enum {
	F_FORK = 1, F_FORKED, F_KILL, F_ENDED, F_CHECKED, F_CHECK,
	F_STARTED = 8,
	W_LOAD = 16, W_LOADED, W_REFUSED, W_DROP, W_VISIT, W_EFFECT, W_ANSWER, W_ABANDON, W_REWRITE, W_DONE, W_FAILED,
	W_DIVERGED, W_RENDER, W_RENDERED, W_MAIL, W_MAIL_READ,
	W_COVERED,
	N_SETTLE = 64, N_SETTLED, N_TRIM, N_RELOAD, N_READY, N_SEND, N_SENT, N_HEALTH, N_WATCH, N_READ, N_MAIL, N_MAILBOX,
	N_PASSED, N_FIND, N_FOUND, N_REQUEST, N_RESPONSE, N_FILE,
	C_COMMAND = 96, C_OUT, C_ERR, C_EXIT, /* control socket: see host/control.h */
	X_LISTENING = 112, X_FOLLOW, X_FOLLOWED,
} FrameKind;

typedef enum { PROGRAM_SCRIPT, PROGRAM_TEMPLATE, PROGRAM_LIQUID, PROGRAM_WORKSPACE, PROGRAM_TEST, PROGRAM_MODEL, PROGRAM_SCAN } ProgramType;

/* STRICT: position, kind and canonical arguments must be equal. LOOSE (a move to another version): kind and what it
 * touches (send: channel, template; reach: channels, template; broadcast: channel, to, template; http: method, url; store.*: key; others: kind alone; restart, enrol, stop: all). */
typedef enum { VISIT_STRICT, VISIT_LOOSE } VisitMode;

/* The outcome classes of docs/channels.md. */
#define SENT_CLASSES(X) \
	X(OK, "ok") X(RATE, "rate") X(TEMPORARY, "temporary") X(AMBIGUOUS, "ambiguous") X(WINDOW, "window") \
	X(UNREACHABLE, "unreachable") X(AUTH, "auth") X(CONFIG, "config") X(PERMANENT, "permanent")
typedef enum {
#define X(name, text) SENT_##name,
	SENT_CLASSES(X)
#undef X
} SentClass;

/* What the send log knows of a message: no line; a mark (bytes were about to end) without an answer; an answer. */
typedef enum { SETTLED_NONE, SETTLED_MARK, SETTLED_ANSWER } SettledState;
typedef enum { HEALTH_OK, HEALTH_FAILING } HealthState;

/* Links of ours in mails (host/token.h): public_url/u/, /c/ and /l/. */
typedef enum { FOLLOW_UNSUBSCRIBE, FOLLOW_CONFIRM, FOLLOW_LINK } FollowKind;
/* What became of one: nobody's; not done yet; done now; done before; it could not be recorded; it holds no more (a LINK whose time is
 * over, a CONFIRM that was sent before they left); it leads to url. */
typedef enum { FOLLOWED_UNKNOWN, FOLLOWED_NOT_YET, FOLLOWED_DONE, FOLLOWED_ALREADY, FOLLOWED_LATER, FOLLOWED_OVER, FOLLOWED_GOES } FollowState;
#define FOLLOW_TOKEN_CHARS 52 /* of base32 */

#endif
