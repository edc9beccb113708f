//! Failures: ignored errors, handlers that continue after an error response, values that panic,
//! tasks that no code waits for, programs that abort requests at a stop.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const DROPPED: &str = "the error of `{}` is ignored";
const NOT_AWAITED: &str = "no code waits for `{}`, so its failure is lost";
const CONTINUES: &str = "after `{}` the handler continues, because it does not return";
const PANICS: &str = "`{}` panics if the value is missing or has another type";
const ENDS: &str = "`{}` aborts open requests at SIGTERM";

const fn dropped(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::IgnoredError, files, pattern, "", DROPPED)
}

const fn continues(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::ErrorResponse, files, pattern, "", CONTINUES)
}

const fn panics(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::UncheckedValue, files, pattern, unless, PANICS)
}

const fn unowned(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::OwnedTask, files, pattern, unless, NOT_AWAITED)
}

const fn ends(
    files: &'static [&'static str],
    pattern: &'static str,
    elsewhere: &'static str,
) -> Sign {
    Sign {
        elsewhere,
        ..review(Practice::ShutdownContext, files, pattern, "", ENDS)
    }
}

pub(super) const SIGNS: &[Sign] = &[
    dropped(
        GO,
        r"(?m)^\s*(?P<what>\w+\.Commit\(\)|(?:\w+\.)?(?:server|srv|s|app|r|router|e|engine|http|httpServer)\.(?:ListenAndServe(?:TLS)?|Run|Start|Listen|Serve)\([^\n]*\))\s*$",
    ),
    dropped(
        GO,
        r"(?m)^\s*_ = (?P<what>\w+(?:\.\w+)*\.(?:Set\w+|Run|Start|Serve|Shutdown|Stop|Commit|Save|Create|Update|Delete|Publish|Send|Write|Flush|Insert|Exec)\w*)\(",
    ),
    dropped(
        GO,
        r"(?m)^\s*\w+,\s*_\s*:?=\s*(?P<what>(?:\w+\.)*(?:New|Open|Load|Init|Create|Connect|Dial|Read|Marshal|Unmarshal|Decode|Parse|Atoi|Hash|Generate|Find|Query|Fetch)\w*)\(",
    ),
    dropped(
        GO,
        r"(?m)^\s*(?P<what>(?:\w+\.)*(?:models?|repo|repository|store|dao|svc|service|producer|publisher|writer|queue|mailer|cache|\w*(?:Repo|Repository|Store|Service|Producer|Publisher|Writer|Queue|Cache|Client))\.(?:Add|Create|Save|Update|Edit|Delete|Remove|Insert|Publish|Send|Produce|Enqueue|WriteMessages|Set|Put|Push)\w*)\([^\n]*\)\s*$",
    ),
    dropped(
        GO,
        r"(?m)^\s*(?P<what>json\.(?:Unmarshal|NewDecoder\([^\n]*\)\.Decode)|(?:c|ctx|context)\.(?:Bind|BindJSON|ShouldBind\w*|BodyParser)|\w+\.(?:Ack|Nack|Reject)|godotenv\.Load|os\.(?:Remove|MkdirAll|WriteFile)|viper\.(?:ReadInConfig|Unmarshal))\([^\n]*\)\s*$",
    ),
    dropped(
        &[".rb"],
        r"(?m)^\s*(?P<what>@?\w+\.(?:update|update_attributes|save|destroy|create)(?:\([^\n]*\))?)\s*$",
    ),
    dropped(
        &[".rb"],
        r"(?P<what>\brescue(?:\s*=>\s*\w+)?\s*\n\s*(?:nil|end)\b)",
    ),
    dropped(
        &[".php"],
        r"(?P<what>\bcatch\s*\([^)\n]*\)\s*\{\s*\}|@(?:file_get_contents|mysqli?_\w+|fopen|unlink)\()",
    ),
    dropped(
        SCRIPT,
        r"(?P<what>\.catch\(\s*(?:\(\s*\w*\s*\)|\w+)?\s*(?:=>)\s*(?:\{\s*\}|null|undefined|console\.\w+\([^)]*\))\s*\))",
    ),
    dropped(
        &[".cs"],
        r"(?m)^\s*(?P<what>_\w+\.(?:SaveChangesAsync|PublishAsync|SendAsync|AddAsync|UpdateAsync|DeleteAsync|Publish))\([^;\n]*\);",
    ),
    review(
        Practice::ErrorResponse,
        GO,
        r"(?:\.Get|\.Find|\.First|\.Select|\.Take|ByID|ById|ByEmail|\.One)\w*\([^\n]*\n\s*if err != nil \{\s*\n(?:\s*//[^\n]*\n)*[^\n]*(?P<what>(?i:not_?found|unauthorized|\b404\b|\b401\b|StatusBadRequest)\w*)",
        r"errors\.Is\(|ErrNoRows|ErrRecordNotFound|ErrNoDocuments|IsNotFound|\berr [!=]= (?:\w+\.)?Err[A-Z]",
        "every failure of the store returns `{}`",
    ),
    continues(
        GO,
        r"(?m)if [^\n]*(?:err != nil|HasErrors\(\)|!ok|== nil)[^\n]*\{\s*\n(?:[ \t]*[\w.]+\([^\n]*\)\s*\n)*[ \t]*(?P<what>(?:\w+\.)*(?:JSON|Render|http\.Error|Error|Response|Respond\w*|WriteHeader|String|SendString|SendStatus|Redirect))\((?:w|c|ctx|http|\d|r,|appG)[^\n]*\)\s*\n[ \t]*\}\s*\n\s*[a-z]",
    ),
    continues(
        GO,
        r"(?m)if [^\n]*err != nil \{\s*\n(?:[ \t]*(?:log|logger)[^\n]*\n)*[ \t]*(?P<what>\w*[tT]x\w*\.Rollback\([^\n]*\))\s*\n[ \t]*\}\s*\n",
    ),
    continues(
        SCRIPT,
        r"if\s*\([^{}]*\)\s*\{\s*(?P<what>(?:res|response|reply)\.(?:status|code|sendStatus)\(\s*[45]\d\d\s*\)(?:\.\w+\([^;{}]*(?:\{[^{}]*\})?[^;{}]*\))?);?\s*\}\s*\n\s*(?:const|let|var|await|res\.|response\.|this\.)",
    ),
    panics(
        GO,
        r"(?m)^\s*(?:return )?(?:[\w.\[\]]+\s*:?=\s*)?(?:\*?\w+\()?(?P<what>[\w.()\x22\[\]]+\.\((?:string|float64|bool|u?int\d*|\[\]\w+|\*?[a-zA-Z]\w*(?:\.\w+)?|map\[string\](?:interface\{\}|any|string))\))[^\n{,]*$",
        "",
    ),
    panics(GO, r"(?P<what>\berr\.\(\*?\w+(?:\.\w+)?\)\.\w+)", ""),
    panics(
        GO,
        r"strings\.Split(?:N)?\([^\n]*\n(?:[^\n]*\n){0,3}?[^\n]*(?P<what>\b\w+\[[1-9]\])",
        r"\blen\(",
    ),
    panics(
        GO,
        r"(?P<what>\b(?:row|data|record|cols|cells|fields|line|parts|tokens|args)\[[1-9]\])",
        r"\blen\((?:row|data|record|cols|cells|fields|line|parts|tokens|args)\)|os\.Args",
    ),
    panics(GO, r"(?P<what>if !ok \|\| \*\w+\.\w+)", ""),
    panics(
        GO,
        r"(?P<what>return [^\n;]*\w+\s*/\s*(?:int\w*\()?(?:pageSize|size|limit|total|count|len)\b)",
        r"(?:pageSize|size|limit|total|count)\s*(?:==|<=|>|!=)\s*0",
    ),
    panics(GO, r"(?P<what>int\(\s*\w+\[0\]\s*-\s*'0'\s*\))", ""),
    panics(
        SCRIPT,
        r"(?P<what>\bJSON\.parse\(\s*(?:body|data|res\w*|reply|value|cached|result|msg\.content\.toString\(\)|message\.value\.toString\(\)|process\.env\.\w+|await \w+\.get\([^)\n]*\))\s*\))",
        r"\btry\s*\{",
    ),
    panics(
        PYTHON,
        r#"(?P<what>\bos\.environ\[["']\w+["']\]|\bjson\.loads\(\s*(?:body|data|message|msg|request\.data)\b)"#,
        r"\btry\s*:",
    ),
    panics(
        &[".rs"],
        r"(?P<what>\.headers\(\)\s*\.get\([^)]*\)\s*\.(?:unwrap|expect)\()",
        "",
    ),
    review(
        Practice::UncheckedLookup,
        &["controller.rb", "controllers.rb"],
        r"(?P<what>\.find_by(?:_\w+)?\([^)\n]*\))\s*$",
        r"(?m)find_by\w*!|if @?\w+\b|&\.|render_not_found|unless @?\w+",
        "`{}` returns nothing for an unknown value, and the view reads it",
    ),
    unowned(
        SCRIPT,
        r"(?m)^\s*(?P<what>(?:this\.)?\w*(?i:pubsub|producer|publisher|emitter|mailer|mailservice|emailservice|queue|kafka|nats|eventbus|broker)\w*\.(?:publish|emit|send\w*|add|produce|publishEvent))\((?:[^()]|\([^()]*\))*\);?\s*$",
        "",
    ),
    unowned(
        SCRIPT,
        r"(?m)^\s*(?P<what>this\.\w*(?i:service|client|svc)\w*(?:\.\w+)?\.(?:update|create|delete|destroy|remove|save)\w*)\(",
        "",
    ),
    unowned(
        GO,
        r"(?m)^\s*(?P<what>go func\(\))",
        r"sync\.WaitGroup|errgroup|\.Wait\(\)|<-done|<-quit",
    ),
    unowned(
        PYTHON,
        r"(?P<what>\bthreading\.Thread\(|\bbackground_tasks\.add_task\(|\bloop\.create_task\()",
        r"\.join\(",
    ),
    unowned(
        JVM,
        r"(?P<what>\bnew Thread\(|\bExecutors\.new\w+\()",
        r"shutdown\(|awaitTermination",
    ),
    unowned(
        &[".rs"],
        r"(?m)^\s*(?P<what>tokio::spawn\()",
        r"JoinSet|TaskTracker|\.await\?*;?\s*\}\s*\)\.await|handle\.await",
    ),
    unowned(&[".cs"], r"(?m)^\s*(?P<what>(?:_ = )?Task\.Run\()", ""),
    review(
        Practice::ExitOutsideMain,
        GO,
        r"\bgo func\(\)\s*\{\s*\n(?:[^\n]*\n){0,6}?[^\n]*(?P<what>panic\(|\b\w*(?i:log\w*)\.(?:Fatal|Panic)\w*\()",
        "",
        "`{}…)` ends the process from a goroutine, without the cleanup of `main`",
    ),
    review(
        Practice::ExitOutsideMain,
        GO,
        r"(?m)^func [^m(\n][^\n]*\{\s*\n(?:[^\n}]*\n|[ \t]+\}[^\n]*\n){0,20}?[^\n]*(?P<what>\b\w*(?i:log|logger)\.(?:Fatal|Panic)\w*\()",
        r"package main",
        "`{}…)` ends the process from a package, without the cleanup of `main`",
    ),
    review(
        Practice::FloatingPromise,
        &[
            "main.ts",
            "index.ts",
            "server.ts",
            "app.ts",
            "index.js",
            "server.js",
            "app.js",
            "main.js",
        ],
        r"(?m)^(?P<what>(?:void )?(?:bootstrap|main|start|startServer|run|init|connectDB|startApp)\(\));?\s*$",
        r"unhandledRejection|\.catch\(|\btry\s*\{[^}]*\blisten",
        "the rejection of `{}` is not handled",
    ),
    Sign {
        elsewhere: r"enableShutdownHooks",
        ..review(
            Practice::ShutdownContext,
            &[".ts"],
            r"(?P<what>\bNestFactory\.create\w*)(?:<[^>\n]*>)?\(",
            "",
            "`{}` runs no shutdown hooks, so SIGTERM aborts connections and requests",
        )
    },
    ends(
        SCRIPT,
        r"(?P<what>\b(?:app|server|httpServer|fastify)\.listen\()",
        r"SIGTERM|closeWithGrace|close-with-grace|enableShutdownHooks|http-terminator|terminus|lightship",
    ),
    ends(
        &[".rs"],
        r"(?P<what>\.serve\([^\n]*into_make_service\w*(?:::<\w+>)?\(\)\s*\)|\baxum::serve\(|\bServer::builder\(\))",
        r"with_graceful_shutdown|serve_with_shutdown",
    ),
    ends(
        GO,
        r"(?P<what>\b(?:\w+\.)*(?:ListenAndServe(?:TLS)?|Run|Start|Listen|Serve)\(\s*(?:\x22:|lis\b|listener\b|fmt\.Sprintf\(\x22:|addr\b|port\b|os\.Getenv|\x22:\x22\s*\+|\))[^\n]*)",
        r"SIGTERM|signal\.Notify|NotifyContext|kratos\.New|fx\.New|MustNewServer|graceful",
    ),
    ends(
        PYTHON,
        r"(?P<what>\bserver\.wait_for_termination\(\)|\bserve_forever\(\)|\bstart_consuming\(\))",
        r"SIGTERM|signal\.signal|add_signal_handler",
    ),
    ends(
        &[
            "dockerfile",
            ".dockerfile",
            "dockerfile.prod",
            "dockerfile.production",
        ],
        r"(?m)^(?:CMD|ENTRYPOINT)\s+(?P<what>(?:[a-z./][^\[\n]*|\[\s*\x22(?:npm|yarn|pnpm|sh|bash|/bin/sh|poetry|pipenv)\x22[^\n]*))",
        r"(?m)^[^#\n]*\bexec\s|tini|dumb-init",
    ),
    review(
        Practice::ServerTimeouts,
        &[".rs"],
        r"(?P<what>\bServer::bind\(|\baxum::serve\()",
        r"TimeoutLayer|http1_header_read_timeout|\.timeout\(",
        "`{}` reads headers and body without a timeout",
    ),
    review(
        Practice::ServerTimeouts,
        GO,
        r"(?P<what>\bhttp\.ListenAndServe(?:TLS)?\(|&http\.Server\{|\b(?:e|app|echo)\.Start(?:Server|TLS)?\(|\b(?:r|router|srv|server)\.Start\(\s*\x22|\b(?:r|router|engine|g)\.Run(?:TLS)?\(|\bfiber\.New\()",
        r"ReadHeaderTimeout|ReadTimeout",
        "`{}…)` reads headers and body without a timeout",
    ),
    review(
        Practice::ServerTimeouts,
        PYTHON,
        r"(?P<what>\bapp\.run\(|\bHTTPServer\(|\brun_simple\()",
        r"timeout",
        "`{}` is a development server without timeouts",
    )
    .guess(),
    review(
        Practice::SilentNull,
        GO,
        r"(?m):?=\s*(?P<what>\w*\.?New\w*(?i:redis|mongo|kafka|nats|rabbit|elastic)\w*\([^\n]*\))\s*\n\s*(?:defer [^\n]*\n\s*)?[^\n]*(?i:log)\w*\.Info\w*\([^\n]*(?i:connected|ready)",
        r"\.Ping\(",
        "the log reports a connection, but `{}` does not connect",
    ),
    review(
        Practice::HealthResult,
        GO,
        r#"(?:GET|Get|HandleFunc|Handle)\(\s*"[^"\n]*(?:health|ready|live|ping)[^"\n]*"\s*,\s*func\([^{]*\{\s*\n(?:[^\n]*(?i:log|setheader|header\(\))[^\n]*\n)?\s*(?:return )?(?P<what>\w+(?:\.\w+)*\((?:\w+, )?(?:200|http\.StatusOK|\[\]byte\(|"|w, ")[^\n]*)"#,
        r"(?i)ping\(|PingContext",
        "the health route always returns `{}`",
    ),
    review(
        Practice::HealthResult,
        SCRIPT,
        r"\.(?:get|use)\(\s*['\x22`][^'\x22`\n]*(?:health|ready|live|ping|status|alive)[^'\x22`\n]*['\x22`]\s*,\s*(?:async\s*)?(?:function\s*)?\(?[^)=]*\)?\s*(?:=>)?\s*\{?\s*(?P<what>(?:return\s+)?(?:res|reply|response|ctx)\.(?:status\(\s*200\s*\)\.)?(?:send|json|end|sendStatus|code)\([^;]*\))",
        r"(?i)\bping\(|query\(\s*['\x22`]select|readyState|authenticate\(",
        "the health route always returns `{}`",
    ),
    review(
        Practice::HealthResult,
        PYTHON,
        r"(?m)@[\w.]+\.(?:route|get|api_route)\(\s*['\x22][^'\x22\n]*(?:health|ready|live|ping)[^'\x22\n]*['\x22][^\n]*\)\s*\n(?:@[^\n]*\n)*(?:async )?def \w+\([^)]*\)[^:]*:\s*\n(?:\s*\x22\x22\x22[^\n]*\n)?\s*(?P<what>return [^\n]*)",
        r"(?i)\bping\(|select 1|execute\(",
        "the health route always returns `{}`",
    ),
    review(
        Practice::HealthResult,
        &[".ts"],
        r"@Get\(\s*['\x22`]?[^)\n]*(?:health|ready|live|ping)[^)\n]*\)\s*(?:@[^\n]*\n\s*)*(?:async\s+)?\w+\([^)]*\)[^{]*\{\s*(?P<what>return [^;\n]*)",
        r"HealthCheckService|\.ping\(|query\(",
        "the health route always returns `{}`",
    ),
];
