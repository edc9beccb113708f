//! Answers and logs: texts of inner errors, answers that reveal accounts, persons and credentials
//! in logs.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const INNER: &str = "`{}` exposes the text of an internal error to the client";
const PERSON: &str = "a log record contains `{}` of a person";
const SECRET: &str = "a log record contains `{}`";
const WHOLE: &str = "a log record contains the whole value of `{}`";
const SQL: &str = "`{}` logs every statement, some with its values";
const KNOWN: &str = "the response `{}` reveals which accounts exist";
const TIME: &str = "the login of an unknown account computes no hash, so the response time reveals which accounts exist";
const FILE: &str = "`{}` writes the log to a file of the container";

const fn inner(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::InternalError,
        files,
        pattern,
        r"NODE_ENV|isDev|IsDevelopment|production",
        INNER,
    )
}

const fn person(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::PersonLogged, files, pattern, "", PERSON)
}

const fn secret(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::SecretLogged, files, pattern, "", SECRET)
}

const fn whole(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::BodyLogged, files, pattern, "", WHOLE)
}

const fn sql(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::BodyLogged, files, pattern, "", SQL)
}

const fn reveals(
    files: &'static [&'static str],
    pattern: &'static str,
    evidence: &'static str,
) -> Sign {
    review(
        Practice::AccountEnumeration,
        files,
        pattern,
        r"(?i)dummy|fake_?hash|constant.?time|timing",
        evidence,
    )
}

const fn to_file(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::FileLogging, files, pattern, unless, FILE)
}

pub(super) const SIGNS: &[Sign] = &[
    inner(
        GO,
        r#"(?P<what>\b(?:\w*(?:Error|Message|Msg|Detail|Reason|error|message|msg)\w*"?):\s*(?:err|e)\.Error\(\))"#,
    )
    .guess(),
    inner(
        GO,
        r"(?P<what>\bstatus\.Errorf?\(\s*codes\.\w+\s*,\s*\x22[^\x22\n]*%[vsw][^\x22\n]*\x22[^\n]*\berr\b)",
    )
    .guess(),
    inner(
        SCRIPT,
        r"(?P<what>\.(?:json|send|end|status\(\s*5\d\d\s*\)\.(?:json|send))\(\s*(?:err|error|e|ex)(?:\.(?:message|stack|toString\(\)))?\s*\))",
    ),
    inner(
        SCRIPT,
        r"(?P<what>\.(?:json|send)\(\s*\{[^{}]*\b(?:err|error|e|ex)\.(?:message|stack|toString\(\)))",
    ),
    inner(
        SCRIPT,
        r"(?P<what>new (?:InternalServerError|HttpException|RpcException|GraphQLError|ApolloError)\w*\(\s*(?:err|error|e|ex)(?:\.message|\.stack)?\s*[,)])",
    ),
    inner(
        PYTHON,
        r#"(?P<what>\b(?:detail|message|error|msg|reason)(?:["']?\s*:|=)\s*(?:f["'][^"'\n]*\{)?\s*(?:str\()?(?:e|err|ex|exc|error|exception)\b\)?\s*[,)}"'])"#,
    ),
    // The assignment of a variable, which the function may return to its own code.
    inner(
        PYTHON,
        r#"(?P<what>\b(?:detail|message|error|msg|reason)[ \t]+=\s*(?:f["'][^"'\n]*\{)?\s*(?:str\()?(?:e|err|ex|exc|error|exception)\b\)?\s*[,)}"'])"#,
    )
    .guess(),
    inner(
        PYTHON,
        r"(?P<what>\breturn\s+(?:\w+\(\s*)?str\(\s*(?:e|err|ex|exc|error)\s*\))",
    ),
    inner(
        JVM,
        r"(?P<what>(?:\b(?:return|body\(|sendError\(|new \w*(?:Error|Response|Problem)\w*\()|\.(?:message|detail|error|details)\()[^;\n]*\b(?:e|ex|exception|error|err)\.(?:getMessage|getLocalizedMessage|toString)\(\))",
    ),
    inner(
        &[".properties"],
        r"(?m)^\s*(?P<what>server\.error\.include-(?:message|stacktrace|exception)\s*=\s*(?:always|true))",
    ),
    inner(
        &["application.yml", "application.yaml"],
        r"(?P<what>include-(?:message|stacktrace|exception):\s*(?:always|true))",
    ),
    inner(
        &[".cs"],
        r"(?P<what>\b(?:return\s+\w+\(|new \w*(?:Error|Response|Problem|Result)\w*|WriteAsync\(|WriteAsJsonAsync\()[^;]*\b(?:ex|e|exception|error)\.(?:Message|ToString\(\)|StackTrace))",
    ),
    inner(&[".cs"], r"(?P<what>\bUseDeveloperExceptionPage\()"),
    inner(
        &[".php"],
        r"(?P<what>\$(?:e|ex|exception|error)->getMessage\(\))",
    ),
    inner(
        &[".rb"],
        r"(?P<what>\brender\s[^\n]*\b(?:e|ex|error|exception)\.message)",
    ),
    inner(
        &[".rs"],
        r"(?P<what>\b(?:Json|HttpResponse::\w+\(\)\.(?:body|json)|body)\([^;\n]*\b(?:e|err|error|self)\.to_string\(\))",
    ),
    person(
        GO,
        r#"(?P<what>WithFields?\(\s*"(?:email|phone|e-mail|mobile|address|ip)"|zap\.(?:String|Any)\(\s*"(?:email|phone|mobile)"|slog\.(?:String|Any)\(\s*"(?:email|phone)")"#,
    ),
    person(
        GO,
        r"(?i)\b(?:\w*log\w*|zap|sugar|slog|logrus)(?:\(\w*\))?\.(?:info|warn|error|debug|print)\w*\([^\n]*,\s*(?P<what>(?:\w+\.)*(?:email|phone|phonenumber|mobile)(?:\(\))?)\s*[,)]",
    ),
    person(
        PYTHON,
        r"(?i)\b(?:log\w*|logging)\.(?:info|warning|error|debug|exception)\([^\n]*[\{,\s](?P<what>(?:\w+\.)*(?:email|phone|phone_number|mobile))\b\s*[\},)]",
    ),
    person(
        SCRIPT,
        r"\b(?:console|logger|log|this\.\w*[lL]ogger)\.\w+\([^\n]*[\{,\s](?P<what>(?:\w+\.)*(?:email|phone|phoneNumber|to|recipient))\s*[\},)]",
    ),
    person(
        JVM,
        r"(?i)\blog(?:ger)?\.(?:info|warn|error|debug)\([^;\n]*[,+]\s*(?P<what>(?:\w+\.)*(?:email|phone|username|(?:get)?(?:email|phone|username)\(\)))\s*[,)+]",
    ),
    person(
        &[".php", ".rb", ".cs", ".rs"],
        r"(?i)\b(?:Log::\w+|logger\.\w+|_?log\w*\.\w+|tracing::\w+!|log::\w+!|(?:info|debug|warn|error)!)\([^\n;]*[,{>.]\s*(?P<what>email|phone|phone_?number)\b",
    ),
    secret(
        GO,
        r"(?i)\b(?:\w*log\w*|zap|sugar|slog|logrus|fmt)(?:\(\w*\))?\.(?:info|warn|error|debug|print)\w*\([^\n]*,\s*(?:zap\.\w+\([^\n,]*,\s*)?(?P<what>(?:\w+\.)*(?:token|tokenstring|access_?token|refresh_?token|password|passwd|secret|session_?id|cookie(?:\.value)?|bearer\w*|auth_?header|authorization|otp|api_?key|dsn|connstr|connection_?string)(?:\[\d\])?)\s*[,)]",
    ),
    secret(
        PYTHON,
        r"(?i)\b(?:log\w*|logging)\.(?:info|warning|error|debug|exception)\([^\n]*[\{,\s](?P<what>(?:\w+\.)*(?:token|access_token|refresh_token|password|secret|api_key|authorization|session_id))\b\s*[\},)]",
    ),
    secret(
        SCRIPT,
        r"\b(?:console|logger|log|this\.\w*[lL]ogger)\.\w+\([^\n]*[\{,\s](?P<what>(?:\w+\.)*(?:token|accessToken|refreshToken|password|secret|apiKey|authorization|sessionId|jwt|uri|connectionString|MONGO_URI))\s*[\},)]",
    ),
    secret(
        JVM,
        r"(?i)\blog(?:ger)?\.(?:info|warn|error|debug)\([^;\n]*[,+]\s*(?P<what>(?:\w+\.)*(?:token|jwt|password|secret|authorization|get(?:token|password|secret)\(\)))\s*[,)+]",
    ),
    secret(
        &[".rs"],
        r"(?s)\b(?:log|tracing)?(?:::)?(?:debug|info|warn|error|trace)!\([^;]*?,\s*(?P<what>\w*(?:auth_header|authorization|token|password|secret)\w*)\b",
    ),
    secret(
        &[".cs", ".php", ".rb"],
        r"(?i)\b(?:Log::\w+|logger\.\w+|_?log\w*\.\w+)\([^\n;]*[,>.]\s*(?P<what>\$?\w*(?:token|password|secret))\b\s*[,)]",
    ),
    whole(
        SCRIPT,
        r"\b(?:console|this\.\w*[lL]ogger\w*|logger|log)\.(?:log|info|debug|warn|error|verbose)\((?:(?:[^()\n]|\([^()\n]*\))*,)?\s*(?P<what>(?:req|request|ctx)(?:\.(?:body|headers|request\.body))?|body|user|result|data|payload|order|customer|account|call\.request|dto|createdUser|JSON\.stringify\(\s*(?:req\.body|body|user|order|data|message|payload|call\.request)\s*\))\s*\)",
    ),
    whole(
        SCRIPT,
        r"\b(?:console|this\.\w*[lL]ogger\w*|logger|log)\.\w+\(\s*`[^`\n]*\$\{\s*(?P<what>JSON\.stringify\(\s*[^)\n]*\))",
    ),
    whole(
        GO,
        r#"(?P<what>\b(?:\w*[lL]og\w*|fmt|zap|sugar)\.(?:Print|Info|Debug|Warn|Error)\w*\(\s*"[^"\n]*%[+#]v[^"\n]*"\s*,[^\n]*\b(?:req|request|body|user|order|payload|in|msg|message|customer|account|cfg|config|conf|m|data|input)\s*\))"#,
    ),
    whole(
        GO,
        r"\b(?:\w*[lL]og\w*)\.(?:Print|Info|Debug|Warn|Error)\w*\([^\n]*\bstring\(\s*(?P<what>body|b|data|msg\.Value|m\.Value|d\.Body|msg\.Data|payload|message\.Value)\s*\)",
    ),
    whole(GO, r"(?P<what>\blogging\.(?:Server|Client))\("),
    whole(
        PYTHON,
        r#"\b(?:log\w*\.(?:info|debug|warning|error)|print)\([^\n]*[\{,(\s](?P<what>(?:request\.(?:json|data|body|form|headers|get_json\(\))|body|payload|data|order|user|message\.value|event|msg))\s*[\},)]"#,
    ),
    whole(
        JVM,
        r"(?i)\blog(?:ger)?\.(?:info|debug)\(\s*\x22[^\x22\n]*\x22\s*,\s*(?:[\w.]+(?:\(\))?\s*,\s*)+(?P<what>request|user|order|payload|message|body|record|event|dto)\s*\)",
    ),
    whole(
        JVM,
        r"(?i)\blog(?:ger)?\.(?:info|debug|warn|error)\(\s*\x22[^\x22\n]*\x22\s*[,+]\s*(?P<what>request|user|order|account|customer|payload|message|body|record|event|dto|\w+Dto|\w+Request)\s*\)",
    ),
    whole(
        &[".cs"],
        r"\b_?[lL]og\w*\.(?:Log)?(?:Information|Debug|Warning|Error)\([^;\n]*,\s*(?P<what>request|user|order|payload|message|body|@\w+|command|eventMessage)\s*\)",
    ),
    sql(
        GO,
        r"(?P<what>\bLogLevel:\s*\w*[lL]ogger\.Info\b|\bLogMode\(\s*\w*[lL]ogger\.Info\s*\))",
    ),
    sql(
        SCRIPT,
        r"(?P<what>\blogging\s*:\s*(?:true\b|console\.log|\w*[lL]ogger|\(?\w*\)?\s*=>|['\x22]all|\[\s*['\x22]query))",
    ),
    sql(
        PYTHON,
        r"(?P<what>\becho\s*=\s*True|SQLALCHEMY_ECHO\s*=\s*True)",
    ),
    sql(
        GO,
        r"(?P<what>\.LogMode\(\s*(?:true|logger\.Info)\s*\)|Logger:\s*logger\.Default\.LogMode\(logger\.Info\)|\.Debug\(\)\.(?:Where|Find|Model|Create)|bundebug\.WithVerbose\(true\)|ent\.Debug\(\))",
    ),
    sql(&[".cs"], r"(?P<what>\bEnableSensitiveDataLogging\()"),
    reveals(
        &[
            ".go", ".ts", ".js", ".rs", ".rb", ".php", ".py", ".java", ".kt", ".cs",
        ],
        r#"(?i)(?P<what>["'](?:e-?mail|username|user|account|login)["']\s*[,:]\s*(?:\[\s*)?["'](?:does not exist|not found|is unknown|unknown|not registered|no such)[^"'\n]*["'])"#,
        KNOWN,
    ),
    reveals(
        &[
            ".go", ".ts", ".js", ".rs", ".rb", ".php", ".py", ".java", ".kt", ".cs",
        ],
        r#"(?i)(?P<what>["'][^"'\n]*(?:e-?mail|user|account|username)[^"'\n]*(?:not registered|isn't registered|is not registered|no such (?:user|account)|unknown (?:user|account|login))[^"'\n]*["'])"#,
        KNOWN,
    ),
    reveals(
        SCRIPT,
        r"(?i)\b(?:login|signin|sign_in|authenticate|validateUser)\w*\([\s\S]{0,900}?(?P<what>['\x22`][^'\x22`\n]*\b(?:user|account|e-?mail|username)\b[^'\x22`\n]*(?:not found|does not exist|doesn't exist|not exist|unable to find|unable to login)[^'\x22`\n]*['\x22`])",
        KNOWN,
    ),
    reveals(
        GO,
        r"(?i)\bfunc [^\n]*(?:login|signin|authenticate|verifypassword|checkpassword|verify_?user)\w*\((?:[^\n]|\n[^}])*?(?P<what>\w*\.?Err\w*(?:UserNotFound|NotFound|NotExist\w*|UnknownUser|NoUser|EmailNot\w*))\b",
        KNOWN,
    ),
    reveals(
        PYTHON,
        r"(?P<what>except \w*(?:DoesNotExist|NotFound|NoResultFound)\w*[^\n]*:)\s*\n\s*(?:raise|return)[^\n]*\n(?:[^\n]*\n){0,6}?[^\n]*(?:check_password|verify_password|checkpw|verify)\w*\(",
        TIME,
    ),
    reveals(
        &[".rb"],
        r"(?P<what>(?:if|unless|return)\s+\(?!?@?\w*(?:user|account)\w*(?:&\.|\s*(?:&&|and)\s*@?\w+\.)(?:valid_password\?|authenticate)\()",
        TIME,
    ),
    reveals(
        &[".php"],
        r"(?P<what>(?:[aA]uth(?:::|\(\)->)(?:once|attempt)\(|password_verify\(|Hash::check\())",
        TIME,
    ),
    reveals(
        &[".cs"],
        r"(?P<what>if\s*\(\s*\w*user\w*\s*(?:==|is)\s*null\b[^)]*\))[^;]*return[^;]*;(?:[^;]*;){0,3}?[^;]*(?:CheckPassword|VerifyHashedPassword|Verify)\w*\(",
        TIME,
    ),
    to_file(
        GO,
        r"(?P<what>\blog\.(?:SetOutput|New)\(\s*(?:f|F|file|logFile|fd|\w*[fF]ile)\b|lumberjack\.Logger\{|rotatelogs\.New\(|os\.OpenFile\([^\n]*\.log\b|OutputPaths:\s*\[\]string\{[^}\n]*\.log)",
        "",
    ),
    to_file(
        PYTHON,
        r"(?P<what>\b(?:logging\.(?:handlers\.)?|handlers\.)?(?:Rotating|TimedRotating|Watched)?FileHandler\b|basicConfig\([^)]*filename\s*=)",
        "",
    ),
    to_file(
        SCRIPT,
        r"(?P<what>transports\.(?:DailyRotate)?File\(|new DailyRotateFile\(|rotating-file-stream|createWriteStream\([^\n]*\.log\b|createStream\([^\n]*\.log\b)",
        "",
    ),
    to_file(
        &[".xml", ".properties", ".yml", ".yaml"],
        r"(?P<what>(?:Rolling)?FileAppender|\blogging\.file(?:\.name|\.path)?\s*[=:]\s*\S|RollingFile\b)",
        "",
    ),
    to_file(
        &["config/app.php", "config/logging.php"],
        r"(?P<what>env\(\s*'(?:APP_LOG|LOG_CHANNEL)'\s*,\s*'(?:single|daily|stack)'\s*\))",
        "",
    ),
    to_file(
        &["environments/production.rb"],
        r"(?P<what>config\.log_formatter\s*=\s*::Logger::Formatter\.new)",
        r"(?m)^\s*(?:config\.logger\s*=\s*ActiveSupport::(?:TaggedLogging|Logger)\.new\(STDOUT|if ENV\[.RAILS_LOG_TO_STDOUT)",
    ),
    to_file(
        &[".cs", "appsettings.json"],
        r#"(?P<what>WriteTo\.(?:Rolling)?File\(|"Name"\s*:\s*"(?:Rolling)?File")"#,
        "",
    ),
    to_file(
        &[
            "default.conf",
            "sites-available/default",
            "vhost.conf",
            "httpd.conf",
            "apache.conf",
        ],
        r"(?m)^\s*(?P<what>ErrorLog\s+\S*(?:LOG_DIR|\.log))",
        "",
    ),
    review(
        Practice::RequestIdentifier,
        &["environments/production.rb"],
        r"(?P<what>Rails\.application\.configure do)",
        r"(?m)^\s*config\.log_tags\s*=\s*\[[^\]]*(?:uuid|request_id)",
        "no log record has the request ID, because `config.log_tags` is not set",
    ),
];
