//! Writes and messages: transactions that miss a write, queries in loops, consumers that repeat
//! their effect, state that parallel requests change.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const OUTSIDE: &str = "`{}` runs outside of the transaction that was begun";
const PER_ROW: &str = "`{}` runs once for each element of a list";
const AGAIN: &str = "a message that the broker delivers twice runs `{}` twice";
const LOST: &str = "the handler logs the failure and reports the message as processed";
const VOLATILE: &str =
    "a restart of the broker deletes the message of `{}`, which is not persistent";
const KNOWN: &str = r"(?i)idempot|on conflict|processed|dedup|inbox|upsert|firstorcreate|message_?id|event_?id|already|23505|setnx|insert ignore|exists|DuplicateKey|DbUpdateException|get_or_create";

const fn outside(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::PartialWrite, files, pattern, unless, OUTSIDE)
}

const fn per_row(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::QueryPerRow, files, pattern, "", PER_ROW)
}

const fn again(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::Idempotency, files, pattern, KNOWN, AGAIN)
}

const fn shared(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
    evidence: &'static str,
) -> Sign {
    review(Practice::SharedState, files, pattern, unless, evidence)
}

const fn dropped(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::DroppedMessage, files, pattern, unless, LOST)
}

const fn volatile(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::Acknowledgement, files, pattern, unless, VOLATILE)
}

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: r"ATOMIC_REQUESTS|transaction\.atomic",
        ..review(
            Practice::PartialWrite,
            PYTHON,
            r"@receiver\(\s*\[?\s*post_save[\s\S]*?(?P<what>\b\w+(?:\.\w+)*\.objects\.(?:get_or_)?create)\(",
            "on_commit",
            "`{}` follows the save that it belongs to, and no transaction contains both",
        )
    },
    review(
        Practice::PartialWrite,
        PYTHON,
        r"(?P<what>\.save\(\)\s*\)\s*\.save\(\))",
        "begin_nested|commit=False|atomic",
        "two records are saved one after the other without a transaction",
    ),
    outside(
        SCRIPT,
        r"\$transaction\(\s*async\s*\(?\s*\w+[^)=\n]*\)?\s*=>\s*\{[^}]*?(?:\}[^)][^}]*?){0,6}?(?P<what>\bthis\.prisma\w*\.\w+\.(?:create|update|delete|upsert)\w*)\(",
        "",
    ),
    outside(
        SCRIPT,
        r"\.transaction\(\s*async\s*\(?\s*\w+[^)=\n]*\)?\s*=>\s*\{[^}]*?(?P<what>\bthis\.\w*[rR]epo\w*\.(?:save|insert|update|delete|create))\(",
        "",
    ),
    outside(
        SCRIPT,
        r"\btrx\b[^;{}]*\)\s*\(['\x22][^}]*?\.(?:update|insert|del|delete)\([^}]*?(?:\}[^}]*?)?(?P<what>return this\.find\w*\(\s*\w+\s*\))",
        "",
    ),
    outside(
        GO,
        r"\.Transaction\(func\(\w+ \*gorm\.DB\) error \{\s*\n(?:[^\n]*\n){0,15}?[^\n]*(?P<what>\b(?:\w+\.)*(?:db|DB)\.(?:Create|Save|Update|Updates|Delete|Exec))\(",
        "",
    ),
    review(
        Practice::PartialWrite,
        JVM,
        r"(?P<what>@Transactional)\b[^\n]*\n(?:\s*@[^\n]*\n)*\s*private\s",
        "",
        "`{}` has no effect on a private method",
    ),
    per_row(
        SCRIPT,
        r"\bfor\s*\((?:const|let)\s[^)\n]*\bof\b[^)\n]*\)\s*\{[^}]{0,300}?(?P<what>\bawait\s+(?:this\.)?(?:\w*(?i:repo|model|prisma|db|dao|knex|pool|store)\w*(?:\.\w+)*|[A-Z]\w*)\.(?:find|get|query|count|select)\w*)\(",
    ),
    per_row(
        SCRIPT,
        r"\.map\(\s*async\s*\(?[^)=\n]*\)?\s*=>\s*\{?[^}]{0,200}?(?P<what>\bawait\s+(?:this\.)?(?:\w*(?i:repo|model|prisma|db|dao|knex|pool|store)\w*(?:\.\w+)*|[A-Z]\w*)\.(?:find|get|query|count|select)\w*)\(",
    ),
    per_row(
        GO,
        r"(?m)^\s*for [^\n]*\brange [^\n]*\{\s*\n(?:[^\n}]*\n){0,5}?[^\n]*(?P<what>\b(?:\w+\.)*\w*(?i:db|repo|store|dao|model|queries|rpc|client|cache)\w*\.(?:Get|Find|Query|Select|First|Take|Count|Load)\w*)\(",
    ),
    per_row(
        PYTHON,
        r"(?m)^[ \t]+for [^\n]* in [^\n]*:\s*\n(?:[ \t]+[^\n]*\n){0,2}?[ \t]{8,}[^\n]*(?P<what>\.objects\.(?:get|filter)|session\.(?:query|get)|\.query\.(?:get|filter\w*)|await \w+\.(?:fetch\w*|find_one))\(",
    ),
    per_row(
        JVM,
        r"\bfor\s*\([^)\n]*(?::| in )[^)\n]*\)\s*\{[^}]{0,300}?(?P<what>\b(?:\w*(?:[rR]epository|[dD]ao|[mM]apper|Client)\.(?:find|get|count|select|load)\w*|\w+\.findBy\w+))\(",
    ),
    per_row(
        &[".cs"],
        r"\bforeach\s*\([^)\n]*\)\s*\{[^}]{0,300}?(?P<what>\bawait\s+_?\w*(?:[rR]epo|[cC]ontext|[cC]lient)\w*(?:\.\w+)*\.(?:Find|Get|First|Single|Query)\w*)\(",
    ),
    per_row(
        &[".rs"],
        r"\.(?:iter|into_iter)\(\)\s*\.map\((?:async\s+)?(?:move\s+)?\|[^|]*\|[^;]*?(?:;[^;]*?){0,4}?(?P<what>\b\w+(?:::|\.)(?:find|fetch|get|load|is|count)\w*\(\s*(?:&mut )?conn)\b",
    ),
    again(
        GO,
        r"(?:sarama\.ConsumerMessage|kafka\.Message|amqp\w*\.Delivery|\*nats\.Msg|\*asynq\.Task|\.ReadMessage\(|\.FetchMessage\()[\s\S]*?(?P<what>\b\w+(?:\.\w+)*\.(?:Create|Insert\w*|Exec|ExecContext|Increment\w*|Incr|Decrease\w*|Charge\w*|SendMail|SendEmail))\(",
    ),
    again(
        SCRIPT,
        r"(?:\beach(?:Message|Batch)\s*:|@(?:MessagePattern|EventPattern|RabbitSubscribe|Process)\(|\.consume\(|\bnew Worker\()[\s\S]*?(?P<what>\bawait\s+[\w.]+\.(?:create|createMany|insert\w*|save|increment\w*|decrement\w*|sendMail|sendEmail|charge\w*))\(",
    ),
    again(
        JVM,
        r"@(?:KafkaListener|RabbitListener|JmsListener|SqsListener|StreamListener)\b[\s\S]*?(?P<what>\b\w+\.(?:save|saveAll|insert\w*|create|send\w*|increase\w*|decrease\w*|charge\w*))\(",
    ),
    again(
        PYTHON,
        r"(?:basic_consume|@(?:\w+\.task|shared_task)\b|KafkaConsumer|AIOKafkaConsumer)[\s\S]*?(?P<what>\bsend_mail|\w+\.objects\.create|session\.add|\.insert_one)\(",
    ),
    again(
        &[".cs"],
        r"(?:\bIConsumer<|HandleMessageAsync|Task<bool> HandleAsync\()[\s\S]*?(?P<what>\bawait\s+(?:_\w+\.)?(?:Send|Add|Insert|Register|Save)\w*)\(",
    ),
    review(
        Practice::Idempotency,
        &[".ts", ".js", ".cs"],
        r"(?P<what>\bawait\s+(?:(?:this\.)?\w+\.)?(?:[sS]end\w*|[cC]harge\w*|[pP]ay\w*|[rR]efund\w*))\([^;{}]*\);\s*await\s+(?:this\.)?_?\w*(?i:repo|context|store|model)\w*\.",
        r"(?i)idempot",
        "`{}` runs before the record that prevents a second time",
    ),
    shared(
        &[".cs"],
        r"\b(?:BackgroundService|IHostedService|IMessageHandlerCallback)\b[\s\S]*?(?P<what>\b_\w*(?i:context)\s*=\s*\w+;)",
        r"CreateScope|CreateAsyncScope|IServiceScopeFactory|IDbContextFactory",
        "`{}` keeps one database context for all messages, so a failed save stays in it",
    ),
    shared(
        &["controller.cs", "service.cs", "repository.cs", "store.cs"],
        r"private\s+(?:readonly\s+)?static\s+(?:readonly\s+)?(?P<what>(?:Dictionary|List|HashSet)<[^;=\n]*)\s*=\s*new",
        r"\block\s*\(|Semaphore|ReaderWriterLock",
        "parallel requests change `{}` without a lock",
    ),
    shared(
        &[".java"],
        r"\bstatic\s+(?:final\s+)?(?P<what>SimpleDateFormat)\b",
        r"ThreadLocal",
        "`{}` is not safe for parallel use",
    ),
    review(
        Practice::MemoryState,
        &["worker.cs", "service.cs", "job.cs"],
        r"(?P<what>\b_last\w+\s*=\s*DateTime\w*\.\w+);",
        "",
        "`{}` is lost at a restart, and each replica has its own",
    ),
    Sign {
        elsewhere: r"ForceCommit:\s*false",
        ..review(
            Practice::DroppedMessage,
            GO,
            r"func \(\w+ \*?\w+\) (?P<what>Consume)\((?:\w+ context\.Context, )?\w+, \w+ string\) error \{",
            "",
            "go-queue commits a message whose `{}` fails, and no code dead-letters it",
        )
    },
    dropped(
        SCRIPT,
        r"(?:@OnEvent\(|@EventsHandler\(|\bDomainEvents\.register\(|\bsetupSubscriptions\()[\s\S]*?(?P<what>\bcatch)\s*(?:\([^)\n]*\))?\s*\{\s*(?:(?:console|this\.\w*[lL]og\w*|\w*[lL]og\w*)\.\w+\([^{}]*?\);?\s*)+\}",
        r"(?i)dead|dlq|throw\s+(?:err|e)\b|retry",
    ),
    dropped(
        GO,
        r"\bProcessTask\([^\n]*asynq\.Task\) error \{[\s\S]*?if err != nil \{\s*\n[^\n]*(?i:log)[^\n]*\n\s*(?P<what>return nil)\b",
        "SkipRetry",
    ),
    dropped(
        JVM,
        r"@(?:KafkaListener|RabbitListener|JmsListener|SqsListener)\b[\s\S]*?(?P<what>\bcatch)\s*\([^)\n]*\)\s*\{\s*(?:(?:\w*(?i:log)\w*\.\w+|e\.printStackTrace|ex\.printStackTrace)\([^;]*\);\s*)+\}",
        r"(?i)dead|dlt|nack|throw new|reject",
    ),
    dropped(
        PYTHON,
        r"(?:basic_consume|KafkaConsumer|AIOKafkaConsumer|def callback)[\s\S]*?(?P<what>\bexcept[^\n]*:)\s*\n\s*(?:log\w*\.\w+|print)\([^\n]*\)\s*\n",
        r"(?i)nack|reject|raise|dead|dlq|retry",
    ),
    volatile(
        &[".cs"],
        r"(?P<what>\bnew (?:\w+\.)?BasicProperties|\bCreateBasicProperties\(\))",
        r"Persistent|DeliveryMode",
    ),
    volatile(GO, r"(?P<what>\bamqp\w*\.Publishing)\{", r"DeliveryMode"),
    volatile(&[".ts", ".js"], r"(?P<what>\.sendToQueue)\(", "persistent"),
    volatile(PYTHON, r"(?P<what>\bbasic_publish)\(", "delivery_mode"),
    review(
        Practice::OwnedTask,
        SCRIPT,
        r"\bfor\s*\(\s*(?:let|const|var)\s+\w+\s+of\s+[\w.]*[hH]andlers\w*\)\s*\{\s*(?P<what>\w+\()",
        "",
        "the handlers are not awaited, so a failure of one is unhandled",
    ),
    review(
        Practice::OwnedTask,
        SCRIPT,
        r"[hH]andlers\w*(?:\[[^\]\n]+\])?!?\??\.forEach\(\s*\(?\w+\)?\s*=>\s*(?P<what>\w+\()",
        "",
        "the handlers are not awaited, so a failure of one is unhandled",
    ),
    review(
        Practice::ErrorListener,
        SCRIPT,
        r"(?P<what>\.pipe\([^()\n]*(?:\(\))?\)\s*\.pipe\(|\bcreateReadStream\([^\n]*\)\.pipe\()",
        r"\.on\(\s*['\x22]error['\x22]|pipeline\(|rxjs",
        "an error of a stream in this chain is unhandled and ends the process",
    ),
    review(
        Practice::ShutdownContext,
        SCRIPT,
        r"\bcloseWithGrace\(\s*\{\s*(?P<what>delay:\s*(?:[\w.]+\s*(?:\?\?|\|\|)\s*)?(?:\d{1,3}|[1-4]\d{3}))\b",
        "",
        "`{}` milliseconds abort requests that need longer",
    ),
    review(
        Practice::ShutdownContext,
        GO,
        r"(?P<what>\bcontext\.WithTimeout\(\s*context\.Background\(\),\s*(?:[1-2]\s*\*\s*)?time\.(?:Second|Millisecond)\s*\))[\s\S]{0,200}?\.Shutdown\(",
        "",
        "`{}` aborts requests that need longer",
    ),
    Sign {
        elsewhere: r"shutdown\s*[:=]\s*[\x22']?graceful|spring-boot-starter-parent</artifactId>\s*<version>(?:3\.[4-9]|[4-9])",
        ..review(
            Practice::ShutdownContext,
            JVM,
            r"(?P<what>\bSpringApplication\.run|\brunApplication<\w+>)\(",
            "",
            "`{}` aborts open requests at SIGTERM, because no setting has `server.shutdown=graceful`",
        )
    },
    review(
        Practice::HealthResult,
        &[".cs"],
        r"(?P<what>\bAddHealthChecks\(\))\s*;",
        "",
        "`{}` has no check of a dependency, so the health route always succeeds",
    ),
    review(
        Practice::HealthResult,
        SCRIPT,
        r"(?P<what>\bhealthCheck:\s*async)\b",
        "exposeStatusRoute",
        "no route exposes the result of `{}`",
    ),
    review(
        Practice::HealthResult,
        JVM,
        r"@(?:Get|Request)Mapping\([^)\n]*(?:health|ready)[^)\n]*\)\s*(?:public\s+)?[^{};]*\{\s*(?P<what>return [^;{}]*);\s*\}",
        "",
        "the health route always returns `{}`",
    ),
    review(
        Practice::HealthResult,
        &[
            "health.rs",
            "healthcheck.rs",
            "health_check.rs",
            "health/mod.rs",
            "healthcheck/controllers.rs",
            "health/handlers.rs",
        ],
        r"\bfn \w+\([^)]*\)\s*->\s*[^{]*\{\s*(?P<what>HttpResponse::Ok\(\)|StatusCode::OK|\x22[^\x22]*\x22|Json\(json!\()[^;}]*\}",
        "",
        "the health route always returns `{}`",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?P<what>\.(?:Error|Info|Warn|Debug|Slow|Print|Println))\(\s*\x22[^\x22\n]*%[+#]?[vsdqT][^\x22\n]*\x22\s*,",
        "",
        "`{}` does not format, so the log shows `%v` instead of the error",
    ),
    review(
        Practice::IgnoredError,
        JVM,
        r"(?P<what>\bcatch)\s*\((?:final )?[^)\n]*(?:Exception|Throwable|Error)\b[^)\n]*\)\s*\{\s*(?:(?:e|ex)\.printStackTrace\(\);\s*)?(?:return null;\s*)?\}",
        "",
        "`{}` hides the failure",
    ),
    review(
        Practice::IgnoredError,
        &[".cs"],
        r"(?P<what>\bcatch)\s*(?:\([^)\n]*\))?\s*\{\s*(?:return null;\s*)?\}",
        "",
        "`{}` hides the failure",
    ),
    review(
        Practice::IgnoredError,
        PYTHON,
        r"(?P<what>\bexcept (?:Base)?Exception(?: as \w+)?:)\s*\n\s*(?:pass|return None)\b",
        "",
        "`{}` hides the failure",
    ),
    Sign {
        elsewhere: r"\bvalidate_password\(",
        ..review(
            Practice::LiteralSetting,
            &["settings.py", "base.py", "production.py"],
            r"(?m)^(?P<what>AUTH_PASSWORD_VALIDATORS)\s*=\s*\[\s*\{",
            "",
            "no code calls the validators of `{}`, so every password is accepted",
        )
    },
    Sign {
        elsewhere: r"\bcache\.(?:get|set|cached|memoize|delete|add|clear)\b|@cached\b",
        ..review(
            Practice::DeadResilience,
            PYTHON,
            r"(?m)^(?P<what>cache\s*=\s*Cache\()",
            "",
            "no code uses the cache of `{}…)`",
        )
    },
    review(
        Practice::LiteralSetting,
        &[".cs"],
        r"(?P<what>\bnew NetworkCredential\(\s*\x22)",
        "",
        "`{}…)` has literals, which no setting replaces",
    ),
    review(
        Practice::PoolBounds,
        &[".cs"],
        r"(?P<what>\bAddTransient<\s*I\w*(?:Publisher|Producer|Connection|Bus|Broker|RedisClient)\w*\s*[>,])",
        "",
        "`{}` opens a connection for each object that uses it",
    ),
    review(
        Practice::LazyStart,
        &[".cs"],
        r"(?m)^\s*public\s+(?P<what>[A-Z]\w*(?:Repository|Store|Context|Client))\([^)]*\)[^{;]*\{[^}]*?(?:\}[^}\n]*[^}]*?){0,3}?(?:\.Wait\(\)|\.GetAwaiter\(\)\.GetResult\(\))",
        "",
        "the constructor of `{}` waits for a connection, so each request that creates one waits too",
    ),
    review(
        Practice::UnboundedList,
        &["controller.java", "controller.kt"],
        r"\b(?:val|var|Collection<\w+>|List<\w+>|Iterable<\w+>)\s+\w+s\s*=\s*(?P<what>(?:this\.)?\w+\.(?:findAll|findBy[A-HJ-Z]\w*))\(",
        r"Pageable|PageRequest",
        "`{}` reads every row",
    ),
];
