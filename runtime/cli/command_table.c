/* SPDX-License-Identifier: MIT */
/* All commands, in the order and the groups in which `perigee --help` shows them. */
#include "cli/groups.h"

const Command command_table[] = {
	{ "init", "Write", COMMAND_NO_WORKSPACE, "DIR [--from RECIPE] | --list [--json]", "make a workspace that runs as it is",
	  "DIR must be empty or new. It gets perigee.lua, a sequence, its templates, contacts and a test.\n\n"
	  "  --from RECIPE   a copy of a recipe that ships: its scripts, templates, contacts, tests and README\n"
	  "  --list          the recipes and what each is for\n\n"
	  "example: perigee init outreach --from creator-intro && cd outreach && perigee test\n", command_init, NULL },
	{ "check", "Write", COMMAND_NO_WORKSPACE, "[PATH...] [--json]", "find faults in scripts and templates without running them",
	  "Looks for syntax errors, unknown names, methods and keys, undeclared needs, durations, stages, channels and sequences that\n"
	  "are none, missing templates, fields that no contact has. Without PATH everything is checked. Findings are printed as\n"
	  "FILE:LINE: text [code], with the line and carets below the word; `perigee explain CODE` says more. Exit 1 if there is a fault.\n\n"
	  "  --json     one object a finding: file, line, column (a character, from 1, where one is known), level (error or\n"
	  "             warning), code, text\n\n"
	  "example: perigee check sequences/welcome.lua\n", command_check, NULL },
	{ "explain", "Write", COMMAND_NO_WORKSPACE, "[CODE | MODULE | library] [--json]", "say what a rule, an error or a state means, and what to do; what a module of the library has",
	  "CODE is what stands in brackets behind a finding of check, a rule of `perigee why`, the state or outcome of a run, the\n"
	  "state of a message, or a code that a call gives. Without one all codes are listed. Needs no workspace.\n\n"
	  "  --json     one object a code: code, group, and text (without CODE: line, its first sentence)\n\n"
	  "example: perigee explain two_then_call\n", command_explain, NULL },

	{ "sim", "Try", COMMAND_FILES, "(SEQUENCE or JOB) --contacts FILE.csv [--replies (FILE.csv or FILE.lua or random[:...])]\n"
	  "                   [--outage \"CHANNEL FROM FOR\"]... [--edit \"WHEN FILE\"]... [--policy KEY=VALUE]...\n"
	  "                   [--for 30d] [--start TIME] [--seed N] [--html OUT] [--json]",
	  "play a script in virtual time over pretend channels",
	  "Prints the timeline of what would be sent, answered and decided; then, in numbers, who got how far, the days and\n"
	  "hours of the messages, accounts against their caps, and what rules held or refused. Nothing leaves the machine.\n\n"
	  "  --contacts FILE.csv   whom it is tried on\n"
	  "  --segment S           only those of them who are in this segment of perigee.lua\n"
	  "  --replies FILE.csv    what they answer: columns contact,after,channel,kind,text\n"
	  "  --replies random      they answer by chance; random:KIND=P,... with these probabilities for each message\n"
	  "                        (reply, auto_reply, bounce, unsubscribe, complaint, handled, click, opt_in, signal:NAME, task_done,\n"
	  "                        or TEMPLATE.KIND), after=1h-5d: how long they take\n"
	  "  --replies FILE.lua    they answer as a function of the message says: function(message, chance)\n"
	  "                        (with --replies, a sequence that has starts_on begins by its event, not at once for all)\n"
	  "  --outage \"C F D\"      channel C has no connection from F for D: \"email +2d 6h\"\n"
	  "  --edit \"WHEN FILE\"    the script is replaced by this file at that time: \"+3d edited.lua\"\n"
	  "  --policy KEY=VALUE    another value than in perigee.lua: asks_per_week=1, hours=always, ACCOUNT.per_day=40\n"
	  "  --for DURATION        how long it goes on (default 30d)\n"
	  "  --start TIME          default: next Monday 00:00 in the workspace's zone\n"
	  "  --seed N              for all chance; equal inputs give equal output\n"
	  "  --html OUT            the same as one page for a browser, that needs nothing else; OUT is the file\n"
	  "  --json                one object an event, a summary last\n\n"
	  "example: perigee sim sequences/welcome.lua --contacts contacts.csv --replies random\n", command_sim, NULL },
	{ "test", "Try", COMMAND_FILES, "[PATH...] [--coverage] [--coverage-min PERCENT] [--lcov FILE] [--json]", "run the workspace's tests (TAP)",
	  "Runs the tests of tests/*.lua, each twice, and says which of their promises do not hold: with the line of the test, and what happened\n"
	  "until then (+ was not expected, - was missed).\n\n"
	  "  --coverage              which lines of sequences/, jobs/, hooks/ and lib/ the tests ran, and which not\n"
	  "  --coverage-min PERCENT  fail if they ran less than this share of them\n"
	  "  --lcov FILE             the same as an lcov tracefile, which editors read\n"
	  "  --json                  one object a test; with --coverage then one a script: file, lines, covered, missed\n\n"
	  "example: perigee test tests/welcome_test.lua\n", command_test, NULL },
	{ "render", "Try", COMMAND_OPEN, "TEMPLATE [--contact ID or --all] [--channel C] [--var N=V]... [--document] [--data FILE.json] [--partials DIR] [--json]",
	  "show what somebody would get",
	  "  --contact ID       as this contact gets it, on each channel (default: the first one, by e-mail)\n"
	  "  --all              who would get nothing, and why; exit 1 if there is somebody\n"
	  "  --channel C        the text for a channel alone\n"
	  "  --var NAME=VALUE   a value that the script would give (vars), any number of times\n"
	  "  --document         the page alone that is attached where the template is a document; of itself for one with a title\n"
	  "  --data FILE.json   plain Liquid: TEMPLATE is a file, the members of the object are the variables;\n"
	  "                     the result alone is printed, byte for byte. Needs no workspace\n"
	  "  --partials DIR     where {% render %} and {% include %} find NAME or NAME.liquid\n\n"
	  "example: perigee render welcome --contact ana\n", command_render, command_render_anywhere },
	{ "mail", "Try", COMMAND_NO_WORKSPACE, "FILE.eml... [--json]", "show how an incoming mail is understood",
	  "A reply, an automatic reply, a bounce, a complaint, an unsubscription, or something else; its text without\n"
	  "quotes and signature; what it answers. Needs no workspace.\n\n"
	  "example: perigee mail --json answer.eml\n", command_mail, NULL },

	{ "contacts", "People", COMMAND_OPEN,
	  "import FILE.csv [--update] [--strict] [--dry-run] | add KEY=VALUE... | set CONTACT KEY=VALUE... | merge CONTACT OTHER | list | show CONTACT "
	  "| duplicates | export [FILE.csv] | export CONTACT [FILE.json or FILE.tar] | erase CONTACT --yes | requests [ADDRESS]",
	  "import, list and change contacts",
	  "  import FILE.csv   a header line, then a contact a line; bad lines are told and passed over\n"
	  "    --update        change contacts that are there already (else they are passed over)\n"
	  "    --strict        one bad line refuses the whole file\n"
	  "    --dry-run       change nothing, say what would be done\n"
	  "  add, set          KEY=VALUE: attributes, addresses by channel, labels=A;B, label=A, unlabel=A, any field; KEY= removes\n"
	  "  merge             CONTACT takes over all that is OTHER's\n"
	  "  duplicates        who is likely there twice, and the command that merges them\n"
	  "  list              --label L, --stage S, --channel C, --segment S choose; how many are in each stage\n"
	  "  show CONTACT      their profile, messages, runs, and how stage and consent came about\n"
	  "  export            all contacts as CSV, which imports to the same\n"
	  "  export CONTACT    all that is kept about one person: JSON, or a .tar with their mails and files\n"
	  "  erase CONTACT     forgets a person for good; their addresses are never written to again\n"
	  "  requests          when people's data was given out or erased; with an address or id, theirs\n\n"
	  "CONTACT is an id, an address, or a name that is unique.\n"
	  "example: perigee contacts set ana stage=talking niche=\"slow cooking\"\n", command_contacts, NULL },
	{ "enrol", "People", COMMAND_OPEN, "SEQUENCE (CONTACT... or --label L or --segment S or --all) [--again] [--dry-run] [--yes] [--json]",
	  "start a sequence for contacts",
	  "Says how many will start, are passed over, would be refused; their first message is rendered for all of them first.\n"
	  "Who has a run of the sequence, or had one, gets no second one.\n\n"
	  "  --label L    all contacts with this label\n"
	  "  --segment S  all of a segment that perigee.lua describes\n"
	  "  --all        all contacts\n"
	  "  --again      another run for those who had one\n"
	  "  --dry-run    start nothing\n"
	  "  --yes        do not ask\n\n"
	  "example: perigee enrol welcome --label new --dry-run\n", command_enrol, NULL },
	{ "tasks", "People", COMMAND_OPEN, "[--state S] [--contact C] [--all] [--json] | show ID [--json] | done ID... [--outcome O]",
	  "what people are asked to do, and that it is done",
	  "Lists open tasks: overdue, due, the oldest, and last those of people who are put off. A message that a program may not\n"
	  "send stands there with a link to the profile and its text; ticked, it is sent, and its run goes on.\n\n"
	  "  --state S       open or done\n"
	  "  --contact C     of one contact\n"
	  "  --all           done ones, too\n"
	  "  show ID         one task, with the whole text to paste\n"
	  "  done ID...      they are done; the runs that asked for them are told\n"
	  "    --outcome O   how it went; for a message \"not sent\" or \"declined\": then it is refused\n\n"
	  "example: perigee tasks done 12 --outcome \"wants a quote\"\n", command_tasks, NULL },

	{ "broadcast", "People", COMMAND_OPEN, "[--state S] [--all] [--json] | show ID | confirm ID | cancel ID", "what is to go to a whole community; confirm it before its time",
	  "Lists broadcasts that wait for a person or for their time. One that nobody confirms before its time lapses; what is confirmed\n"
	  "leaves as it stands there.\n\n"
	  "  --state S     planned, confirmed, handed, unknown, sent, refused, lapsed or cancelled\n"
	  "  --all         those that are over, too\n"
	  "  show ID       the whole text as it will appear, where and when, and who asked for it\n"
	  "  confirm ID    it may leave at its time\n"
	  "  cancel ID     it does not leave\n\n"
	  "example: perigee broadcast confirm 3\n", command_broadcast, NULL },

	{ "serve", "Run", COMMAND_OWNER, "[--key-file F] [--public ADDR] [--until-idle] [--fast-forward GRACE]", "run everything: send, read mail, wake runs",
	  "Owns the workspace until it is stopped; stopping it at any moment loses nothing. Other commands go on working\n"
	  "beside it. Changed scripts become versions when it starts.\n\n"
	  "  --key-file F           the file that unlocks the vault; else $CREDENTIALS_DIRECTORY/perigee.key, else\n"
	  "                         PERIGEE_KEY_FILE, else a passphrase at the terminal\n"
	  "  --public ADDR          the pages on which people unsubscribe: 127.0.0.1:8085, or :8085 for every address of this\n"
	  "                         machine; public_url in perigee.lua says how the outside reaches them\n"
	  "  --until-idle           stop when nothing is due any more\n"
	  "  --fast-forward GRACE   jump to the next timer once nothing has happened for GRACE (tests and demonstrations)\n\n"
	  "example: perigee serve\n", command_serve, NULL },
	{ "send", "Run", COMMAND_OPEN, "--to ADDRESS TEMPLATE --as CONTACT [--key-file F]", "send one real test message to yourself",
	  "  --to ADDRESS    where it goes\n"
	  "  --as CONTACT    with this contact's words\n"
	  "  --key-file F    the file that unlocks the vault, if no perigee serve is running\n\n"
	  "example: perigee send --to me@example.com welcome --as ana\n", command_send, NULL },
	{ "pause", "Run", COMMAND_OPEN, "[--account A | --sequence S | --contact C] [--until TIME] | --list [--json]",
	  "let nothing leave; answers are still read",
	  "Without an option everything is paused. Runs go on to their next message, which waits; a message that a person would send\n"
	  "waits, too. Pauses that overlap hold until the last of them ends; said again of the same, a pause takes the new end.\n\n"
	  "  --until TIME    a date, or a duration from now; without it until `perigee resume`\n"
	  "  --list          what is paused now, and until when\n\n"
	  "example: perigee pause --sequence welcome --until \"next monday 09:00\"\n", command_pause, NULL },
	{ "resume", "Run", COMMAND_OPEN, "[--account A | --sequence S | --contact C]", "end a pause",
	  "example: perigee resume --sequence welcome\n", command_resume, NULL },
	{ "stop", "Run", COMMAND_OPEN, "RUN... | --contact C", "end runs; their queued messages are withdrawn",
	  "  --contact C    all live runs of a contact\n\nexample: perigee stop 12\n", command_stop, NULL },
	{ "retry", "Run", COMMAND_OPEN, "RUN...", "let failed, stopped or parked runs go on",
	  "Goes on from the journal, on the newest version that replays it; no step is repeated.\n\nexample: perigee retry 12\n", command_retry, NULL },
	{ "upgrade", "Run", COMMAND_OPEN, "[SEQUENCE] [--dry-run] [--restart-at-next-wait] [--stop] [--json]", "make edited scripts versions, and move runs to them",
	  "Runs whose journal the new version replays move; the others stay on theirs, shown with the first difference.\n\n"
	  "  --dry-run                 change nothing, only tell\n"
	  "  --restart-at-next-wait    runs that can't move and wait just now begin anew, from the first step, on the new version\n"
	  "  --stop                    stop the runs that can't move\n\n"
	  "example: perigee upgrade welcome --dry-run\n", command_upgrade, NULL },
	{ "reload", "Run", COMMAND_OPEN, "[--vault]", "make edited scripts and templates count now",
	  "Scripts become versions for new runs, templates are read anew, and so are sealed passwords.\n\n"
	  "  --vault    the sealed passwords alone\n\n"
	  "example: perigee reload\n", command_reload, NULL },
	{ "plan", "Run", COMMAND_COPY, "[--days N] [--json]", "what the next days will send, before anything is sent",
	  "Messages by day and account, those that people send, what waits past the end and for what, what would be refused or\n"
	  "fail, and the broadcasts that wait for their time or for somebody to confirm them. It plays the coming days on a copy\n"
	  "of the database in memory: nothing is sent or changed, also beside `perigee serve`. Answers are not foreseen: it\n"
	  "assumes that nobody writes back.\n\n"
	  "  --days N    how many days, today among them (default 7)\n"
	  "  --json      one object a day and account, a summary last\n\n"
	  "example: perigee plan --days 14\n", command_plan, NULL },
	{ "jobs", "Run", COMMAND_OPEN, "[--next N] [--json] | run JOB [--json]", "scheduled jobs and their next times; run one now",
	  "Each job with its next time (in the workspace's zone), its last run and how it ended, and why one rests.\n\n"
	  "  --next N    the next N times of each\n"
	  "  run JOB     now, whatever its schedule says, unless a run of it is not over\n\n"
	  "example: perigee jobs run weekly-report\n", command_jobs, NULL },

	{ "hooks", "Run", COMMAND_OPEN, "[--json] | run HOOK [--header 'NAME: VALUE']... [--method M] [--path P] < BODY", "hooks and their last requests; give one a request",
	  "Each hook with how its requests prove whom they come from, its last run and how it ended.\n\n"
	  "  run HOOK          what stands on stdin is the body of a request, which becomes a run; one whose delivery has been run\n"
	  "                    already (`id` of the hook's verify) is not run again\n"
	  "  --header H        'NAME: VALUE', any number of times\n"
	  "  --method M        POST unless it is given\n"
	  "  --path P          with its query: \"/hooks/shop?shop=paris\"\n\n"
	  "example: perigee hooks run shop --header 'X-Shop-Topic: orders/paid' < order.json\n", command_hooks, NULL },

	{ "runs", "Look", COMMAND_OPEN, "[--state S] [--sequence N] [--json]", "list runs, those that need you first",
	  "  --state S       ready, waiting, sending, done, failed, stopped, parked, or live (the first three)\n"
	  "  --sequence N    of one sequence\n\n"
	  "example: perigee runs --state failed\n", command_runs, NULL },
	{ "show", "Look", COMMAND_OPEN, "RUN [--json]", "one run: what it did, when, and what it waits for",
	  "Of a hook also the request that it was given, without keys and signatures.\n\n"
	  "  --json    the run first (of a hook with its whole request), then one object a step of its journal\n\nexample: perigee show 12\n", command_show, NULL },
	{ "messages", "Look", COMMAND_OPEN, "[--state S] [--contact C] [--json] | cancel ID... | resolve ID (sent or again)",
	  "all that was sent and received; settle what is in doubt",
	  "  --state S          queued, handed, accepted, refused, unknown, withdrawn, held, cancelled, delivered, bounced,\n"
	  "                     read, replied, received, unreadable\n"
	  "  --contact C        of one contact\n"
	  "  cancel ID          a message that has not left yet\n"
	  "  resolve ID sent    an unknown message did arrive\n"
	  "  resolve ID again   it did not: send it again\n\n"
	  "--state unknown lists requests of scripts, too (IDs like r12): resolve takes them off the list; their runs have gone on.\n"
	  "example: perigee messages --state unknown\n", command_messages, NULL },
	{ "why", "Look", COMMAND_OPEN, "CONTACT [SEQUENCE] [--json]", "every gate between a contact and a message, in order",
	  "For each live run of the contact: the rules of policy in their order, then what its message and the run itself wait for, and\n"
	  "one sentence that says what will happen, or what to do. Without a live run: what became of the last one, and whether\n"
	  "another could write. Nothing is changed.\n\n"
	  "  SEQUENCE    of this one alone\n"
	  "  --json      one object a gate: rule, answer (allow, defer, refuse, withdraw, hand), reason, until, channel, run,\n"
	  "              message; a last one with the rule \"sum\"\n\n"
	  "example: perigee why ana welcome\n", command_why, NULL },

	{ "secret", "Keep", COMMAND_OPEN,
	  "set NAME [--host H]... [--as PLACE] | list [--json] | rm NAME | rotate (NAME or --master) | dkim NAME [--json] | audit [NAME] [--json]", "sealed passwords and keys",
	  "A value is read from standard input, sealed, and shown to nobody again. `set` of a name that is there replaces all of it;\n"
	  "`rotate NAME` takes a new value and leaves hosts and place as they are.\n\n"
	  "  --host H            where it may be sent to, more than once for more; without one it serves an account alone, to\n"
	  "                      sign in or to sign its mail\n"
	  "  --as PLACE          where it stands there: login (default for mail), bearer, basic, \"header NAME\", path,\n"
	  "                      \"query NAME\", hmac\n"
	  "  --key-file F        the file that unlocks the vault; else $CREDENTIALS_DIRECTORY/perigee.key, else a\n"
	  "                      passphrase is asked for at the terminal\n"
	  "  rotate --master     another master key: --new-key-file F, else a new passphrase\n"
	  "  dkim NAME           the public half of a key that signs mail, as it stands in the DNS: TXT of SELECTOR._domainkey.DOMAIN\n"
	  "  audit               who used which secret, where and when: a sign-in of an account, or a request of a script\n\n"
	  "example: perigee secret set mailbox --host smtp.example.com < password.txt\n", command_secret, command_secret_anywhere },
	{ "doctor", "Keep", COMMAND_NO_WORKSPACE, "[safety or mail or keep] [--json]", "what is wrong here, or could be safer, and what to do",
	  "safety: tries the jail of each role, looks at locked memory, core dumps, the key's file, the vault and the folders.\n"
	  "mail: asks the DNS about the domain of each e-mail account (SPF, DKIM, DMARC, MX, PTR), connects to its servers and signs\n"
	  "in, and compares it with what providers ask of senders; no mail is sent. Warns of channel rules that have grown old.\n"
	  "keep: when what is old was last dropped, and what goes next. All in the running `perigee serve` if there is\n"
	  "one. Exit 1 if something fails; what only could be better is a warning, what could not be looked at is unknown.\n\n"
	  "  --json    one object a row: group, name, state (ok, warn, fail, unknown), text\n\n"
	  "example: perigee doctor mail\n", command_doctor, NULL },
	{ "doctor-of-owner", "Keep", COMMAND_OPEN, "[safety or mail or keep] [--json]", "", "", command_doctor, NULL },
	{ "backup", "Keep", COMMAND_OPEN, "FILE.tar", "a consistent copy of the workspace, while it runs",
	  "Holds the database, perigee.lua, scripts, templates, tests, contacts.csv, attachments and the sealed vault; never the\n"
	  "vault's key. Put back with: mkdir NEW && tar xf FILE.tar -C NEW\n\n"
	  "example: perigee backup perigee-monday.tar\n", command_backup, NULL },
	{ "version", "Keep", COMMAND_NO_WORKSPACE, "[--json]", "which Perigee this is",
	  "example: perigee version --json\n", command_version, NULL },
	{ NULL, NULL, COMMAND_NO_WORKSPACE, NULL, NULL, NULL, NULL, NULL },
};
