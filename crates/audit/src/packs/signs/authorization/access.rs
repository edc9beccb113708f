//! Access: identities and roles of the caller's choice, tokens, passwords, and the build and
//! the start of images.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const IMAGES: &[&str] = &[
    "dockerfile",
    ".dockerfile",
    "containerfile",
    "dockerfile.prod",
];
const CI: &[&str] = &[
    "deploy.yml",
    "deploy.yaml",
    "release.yml",
    "release.yaml",
    "docker.yml",
    "docker.yaml",
    "ci.yml",
    "ci.yaml",
    "main.yml",
    "main.yaml",
    "build.yml",
    "build.yaml",
    "publish.yml",
    ".gitlab-ci.yml",
    "cd.yml",
    "cd.yaml",
    "jenkinsfile",
    "azure-pipelines.yml",
];
const CHOSEN: &str = "`{}` of a record comes from the body of the caller";
const FAST: &str = "`{}` hashes a password with a fast function without a salt";
const PLAIN: &str = "`{}` compares the password as plain text";
const LONG: &str = "`{}` issues a token that is valid for a week or longer, and no code revokes it";
const IN_URL: &str = "`{}` reads a token from the URL, which access logs and browsers store";
const IMAGE: &str = "`{}` makes the image larger, slower to build or different with every build";
const MOVES: &str = "`{}` has no fixed version";
const SAMPLE: &str = "`{}` adds sample data at every start";

const fn chosen(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::MassAssignment, files, pattern, unless, CHOSEN)
}

const fn fast(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::PlainPassword, files, pattern, "", FAST)
}

const fn plain(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(
        Practice::PlainPassword,
        files,
        pattern,
        r"(?i)bcrypt|argon2|scrypt|pbkdf2|hash",
        PLAIN,
    )
}

const fn long(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::TokenLifetime, files, pattern, "", LONG)
}

const fn image(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::ImageHygiene, files, pattern, unless, IMAGE)
}

const fn moves(
    files: &'static [&'static str],
    pattern: &'static str,
    unless: &'static str,
) -> Sign {
    review(Practice::FixedVersion, files, pattern, unless, MOVES)
}

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LoginLimit,
        &[".yml", ".yaml"],
        r"(?m)^\s*paths:\s*\n(?:\s*-[^\n]*\n)*?\s*-\s*(?P<what>\S*/(?:login|signin|sign-in|token))\s*$",
        r"rate-limit|ratelimit|rate_limit",
        "no plugin of the gateway limits `{}`",
    ),
    chosen(
        GO,
        r#"(?m)^\s*(?P<what>(?:Role|Roles|IsAdmin|Admin|Permissions|Balance|CreatedBy|ModifiedBy|UpdatedBy|OwnerID|OwnerId|AuthorID|AuthorId|IsSuperuser|Verified|Status))\s+\S+\s+`[^`\n]*(?:form:"|binding:"|validate:"|valid:")"#,
        "",
    ),
    chosen(
        &["dto.ts", "input.ts", "request.ts", "dto.js"],
        r"(?m)^\s*(?:readonly\s+|public\s+)?(?P<what>(?:role|roles|isAdmin|admin|userId|authorId|ownerId|createdBy|updatedBy|price|total|amount|status|isVerified|permissions))\s*[?!]?\s*:",
        "",
    ),
    chosen(
        &[
            "schemas.py",
            "schema.py",
            "users.py",
            "user.py",
            "models.py",
        ],
        r"(?m)^class\s+\w*(?:Create|Update|In|Register|Base)\w*\([^)\n]*\):\s*\n(?:\s+[^\n]*\n){0,8}?\s+(?P<what>(?:role|is_admin|is_superuser|is_staff|owner_id|author_id|permissions))\s*:",
        "",
    ),
    chosen(
        &["request.java", "dto.java", "request.kt", "dto.kt"],
        r"(?P<what>\b(?:private\s+)?(?:String|Role|Long|BigDecimal|boolean|Set<\w+>)\s+(?:role|roles|userId|ownerId|price|admin|isAdmin|createdBy))\b",
        "",
    ),
    chosen(
        JVM,
        r"(?P<what>@(?:Post|Put|Patch)Mapping\b[^\n]*)\s*\n(?:\s*@[^\n]*\n)*\s*(?:public\s+)?[\w<>\[\], ?]+\s+\w+\(\s*(?:@Valid\s+)?(?:@ModelAttribute\s+|@RequestBody\s+)?(?:Order|User|Account|Customer|Product|Owner|Pet|Item|Article|Post|Comment|Invoice)\s+\w+",
        "",
    ),
    review(
        Practice::CallerIdentity,
        GO,
        r#"(?P<what>\b(?:c|ctx)\.(?:QueryParam|Query|PostForm|FormValue|DefaultQuery)\(\s*"(?:bucket|user_?id|owner|author|role|created_by|modified_by|account_?id|tenant)")"#,
        "",
        "`{}…)` comes from the caller, and decides whose data is used",
    ),
    review(
        Practice::CallerIdentity,
        SCRIPT,
        r"(?P<what>\b(?:req|request|ctx)\.(?:headers\[['\x22]x-user|header\(['\x22]x-user|headers\.userid|body\.(?:userId|user_id|role|isAdmin|price|total|amount))\w*)",
        "",
        "`{}` comes from the caller",
    ),
    fast(
        &[
            ".go", ".ts", ".js", ".java", ".kt", ".cs", ".py", ".php", ".rb",
        ],
        r"(?i)(?P<what>\b\w*(?:md5|sha1|sha256)\w*(?:\.\w+)?\(\s*(?:\[\]byte\(|\$)?(?:\w+(?:\.|->))*(?:password|passwd|pwd|pass)\b)",
    ),
    fast(
        SCRIPT,
        r"(?P<what>createHash\(\s*['\x22](?:md5|sha1|sha256)['\x22]\s*\)\.update\(\s*(?:\w+\.)*(?:password|pwd|pass)\b)",
    ),
    plain(
        GO,
        r"(?P<what>\w+\{[^{}\n]*\bPassword:\s*(?:\w+\.)*[pP]assword\s*\}\s*\)\s*\.(?:First|Find|Take))",
    ),
    plain(
        &[".go", ".ts", ".js", ".py", ".java", ".cs", ".php"],
        r"(?i)(?P<what>where[^\x22'`;\n]*\b(?:password|passwd|pwd)\s*=\s*(?:\?|\$\d|%s|:\w+|@\w+|\$\{))",
    ),
    plain(
        &[".go", ".ts", ".js", ".py", ".java", ".kt", ".cs"],
        r"(?P<what>\b\w+\.(?:get)?[pP]assword(?:\(\))?\s*(?:===?|!==?)\s*(?:\w+\.)*(?:[pP]assword|pwd|pass)\b)",
    ),
    long(
        PYTHON,
        r"(?m)^\s*(?P<what>\w*(?i:expire|lifetime|ttl)\w*\s*(?::\s*\w+)?\s*=\s*(?:60\s*\*\s*24\s*\*\s*(?:[7-9]|\d\d+)|60\s*\*\s*60\s*\*\s*24\s*\*\s*(?:[7-9]|\d\d+)|(?:timedelta\(\s*)days\s*=\s*(?:[7-9]|\d\d+)|\d{5,}))",
    ),
    long(
        &[".rs"],
        r"(?P<what>(?:Duration::weeks\(\s*\d+|Duration::days\(\s*(?:[7-9]|\d\d+)|TimeDelta::days\(\s*(?:[7-9]|\d\d+))\s*\))",
    )
    .guess(),
    long(
        &[".rb"],
        r"(?P<what>\bexp:?\s*(?:=>)?\s*\(?(?:[7-9]|\d\d+)\.days|\bexp[^\n]*\b(?:[7-9]|\d\d+)\.days\.from_now|(?i:exp|token|jwt|session|cookie|ttl)[^\n]*\b[1-9]\.(?:weeks?|months?|years?)\.from_now)",
    ),
    long(
        GO,
        r"(?i)(?P<what>(?:exp|token|session|maxage)\w*[^\n]*\b(?:(?:[7-9]|\d\d+)\s*\*\s*24\s*\*\s*time\.Hour|24\s*\*\s*(?:[7-9]|\d\d+)\s*\*\s*time\.Hour|time\.Hour\s*\*\s*24\s*\*\s*(?:[7-9]|\d\d+)|time\.Hour\s*\*\s*(?:1[6-9]\d|[2-9]\d\d|\d{4,})|(?:1[6-9]\d|[2-9]\d\d|\d{4,})\s*\*\s*time\.Hour))",
    ),
    long(
        SCRIPT,
        r"(?P<what>\b(?:expiresIn|maxAge|expires)\s*:\s*(?:['\x22](?:[7-9]|\d\d+)\s*d(?:ays?)?['\x22]|['\x22]\d+\s*[wy]\w*['\x22]|(?:[7-9]|\d\d+)\s*\*\s*24\s*\*\s*60|60\s*\*\s*60\s*\*\s*24\s*\*\s*(?:[7-9]|\d\d+)|1000\s*\*\s*60\s*\*\s*60\s*\*\s*24\s*\*\s*(?:[7-9]|\d\d+)))",
    ),
    long(
        &[".properties", ".yml", ".yaml", ".env", ".ini", ".toml"],
        r"(?im)^[ \t]*(?P<what>[\w.\-]*(?:jwt|token|session)[\w.\-]*(?:expir\w*|ttl|lifetime|duration|max_?age)[\w.\-]*[ \t]*[:=][ \t]*[\x22']?(?:(?:6048|8640|[1-9]\d{4,})\d{2,}|(?:[7-9]|\d\d+)d|(?:1[6-9]\d|[2-9]\d\d)h))\b",
    ),
    long(
        SCRIPT,
        r"(?P<what>\bsetDate\([^)\n]*getDate\(\)\s*\+\s*(?:[7-9]|\d\d+)\s*\))",
    ),
    long(
        JVM,
        r"(?P<what>\b\w*(?i:expir|validity|ttl)\w*\s*=\s*(?:\d+L?\s*\*\s*)*(?:24\s*\*\s*(?:60\s*\*\s*)*(?:[7-9]|\d\d+)|(?:[7-9]|\d\d+)\s*\*\s*24|\d{9,}))",
    ),
    review(
        Practice::BrowserToken,
        &[".go", ".ts", ".js", ".py", ".java", ".php"],
        r#"(?P<what>\.Query\(\s*"(?:token|access_token|jwt|auth)"|\.URL\.Query\(\)\.Get\(\s*"(?:token|access_token|jwt)"|QueryParam\(\s*"(?:token|access_token|jwt)"|query\.(?:token|access_token|jwt)\b|request\.args\.get\(\s*["'](?:token|access_token)["']|fromUrlQueryParameter|TokenLookup:\s*"[^"\n]*query:)"#,
        "",
        IN_URL,
    ),
    review(
        Practice::UnsafeInput,
        GO,
        r"(?P<what>\.(?:Order|OrderBy|OrderExpr)\(\s*(?:order|sort|sortBy|orderBy|f\.\w+|filter\.\w+|params\.\w+|query\.\w+|req\.\w+|in\.\w+)(?:\.Get\w+\(\))?\s*\))",
        r"(?i)allowed|whitelist|switch ",
        "the caller chooses the column of `{}`",
    ),
    review(
        Practice::UnsafeInput,
        SCRIPT,
        r"(?P<what>\b(?:where|order|orderBy|filter)\s*:\s*(?:JSON\.parse\(|(?:req|request|query|args|input|params)(?:\.\w+)*\s*[,}\n]|!isEmpty\(\s*query\.\w+\s*\)\s*\?))",
        r"(?i)allowed|whitelist|pick\(",
        "the caller chooses the columns of `{}`",
    ),
    Sign {
        elsewhere: r"(?i)whitelist\s*:\s*true",
        ..review(
            Practice::UnsafeInput,
            SCRIPT,
            r"(?P<what>\bObject\.assign\(\s*\w*(?:where|filter|query)\w*\s*,)",
            "",
            "the caller chooses the columns of `{}`",
        )
    },
    review(
        Practice::SampleData,
        &[".java", ".kt", ".go", ".ts", ".js", ".py", ".cs", ".rb"],
        r"(?P<what>\b(?:generate|create|insert|load|init|seed|populate)(?:Test|Sample|Demo|Dummy|Initial|Seed|Fake)(?:Data|Users?|Products?|Items?)?)\s*\(",
        r"(?i)if .*(?:dev|seed|demo)|@Profile",
        SAMPLE,
    ),
    image(
        IMAGES,
        r"(?P<what>\b(?:apt-get|apt)\s+(?:-\w+\s+)*(?:dist-)?upgrade|\bapk\s+(?:--\S+\s+)*upgrade|\byum\s+(?:-\w+\s+)*update)",
        "",
    ),
    image(
        IMAGES,
        r"(?P<what>\bpip3? install[^\n]*\bpoetry|\bapt-get install[^\n]*(?:build-essential|gcc|git|netcat|vim|curl)|\bapk add[^\n]*(?:gcc|git|vim|curl|make))",
        r"(?im)^FROM [^\n]*\n[\s\S]*^FROM ",
    ),
    image(
        IMAGES,
        r"(?P<what>\b(?:CompileDaemon|nodemon|air|reflex|realize|fresh|gin -i|dotnet watch|ts-node-dev|webpack-dev-server|watchmedo|uvicorn[^\n]*--reload|flask run|manage\.py runserver|rails (?:s|server)|npm run (?:dev|start:dev)|yarn (?:dev|start:dev))\b)",
        "",
    ),
    image(IMAGES, r"(?m)^(?P<what>ADD\s+https?://\S+)", ""),
    image(
        IMAGES,
        r"(?m)^(?P<what>COPY\s+\.\s+\.?[^\n]*)\n(?:[^\n]*\n){0,3}?RUN\s+(?:npm (?:ci|install)|yarn|pnpm|pip install|go mod download|bundle install|composer install)",
        "",
    ),
    moves(
        IMAGES,
        r"(?m)^COPY\s+(?P<what>(?:\./)?package\.json)\s+\S+\s*$",
        r"package-lock|yarn\.lock|pnpm-lock|npm-shrinkwrap",
    ),
    moves(
        IMAGES,
        r"(?m)^RUN\s+[^\n]*?(?P<what>\b(?:npm (?:install|i)|yarn(?: install)?|go get(?: -\w+)* [\w./\-]+|pip install [a-z][\w\-]*|pnpm (?:install|i)))(?:\s+--(?:only=)?prod\w*)?\s*(?:&&[^\n]*|\\)?$",
        r"npm ci|frozen-lockfile|--immutable",
    ),
    moves(
        CI,
        r"(?P<what>\bdocker (?:build|push|tag)[^\n]*:latest\b)",
        r"github\.sha|GITHUB_SHA|CI_COMMIT|git rev-parse|\$\{\{ ?steps|:v?\$",
    ),
    moves(
        IMAGES,
        r"(?im)^FROM\s+(?:--platform=\S+\s+)?(?P<what>[\w./\-]+:(?:stable|stable-slim|latest|lts|alpine|slim|edge|mainline|current|buster|bullseye|bookworm)(?:-\w+)?)(?:\s|$)",
        "",
    ),
    moves(
        &["cargo.toml"],
        r#"(?m)^(?P<what>(?:axum\s*=\s*(?:"|\{[^}\n]*version\s*=\s*")0\.[0-5]\b|actix-web\s*=\s*(?:"|\{[^}\n]*version\s*=\s*")[0-3]\.|tokio\s*=\s*(?:"|\{[^}\n]*version\s*=\s*")0\.|[\w\-]+\s*=\s*(?:"|\{[^}\n]*version\s*=\s*")[^"\n]*-(?:beta|alpha|rc)))"#,
        "",
    ),
    moves(
        &["package.json"],
        r#""(?P<what>grpc|apollo-server(?:-express)?|graphql-tools|tslint|moment|body-parser-json|redis-mock|@nestjs/microservices)"\s*:\s*"[\^~]?(?:[0-6])\."#,
        "",
    ),
    moves(
        &[".yaml", ".yml"],
        r"(?m)^(?P<what>apiVersion:\s*(?:extensions/v1beta1|networking\.k8s\.io/v1beta1|apps/v1beta[12]|policy/v1beta1|batch/v1beta1|rbac\.authorization\.k8s\.io/v1beta1|autoscaling/v2beta[12]|apiextensions\.k8s\.io/v1beta1))\b",
        "",
    ),
    review(
        Practice::Privileges,
        &[".yml", ".yaml"],
        r#"(?m)^\s*-?\s*["']?(?P<what>(?:seccomp|apparmor)[:=]unconfined|SYS_PTRACE|SYS_ADMIN|ALL)["']?\s*$"#,
        r"drop:",
        "`{}` gives a container rights that it does not need",
    ),
    review(
        Practice::EmbeddedDatabase,
        &["database.yml"],
        r"(?P<what>database:\s*\S*production\.sqlite3)",
        "",
        "`{}` keeps the data in a file of the container",
    ),
    review(
        Practice::MemoryState,
        &["session.php", "cache.php"],
        r"(?P<what>env\(\s*'(?:SESSION|CACHE)_(?:DRIVER|STORE)'\s*,\s*'(?:file|array)'\s*\))",
        "",
        "`{}` keeps the state in files of one replica",
    ),
    review(
        Practice::MemoryState,
        GO,
        r"(?P<what>\.SaveUploadedFile\(|\bxlsFile\.Save\(|\bos\.Create\(|\bos\.WriteFile\(|\bioutil\.WriteFile\()",
        r"(?i)s3\.|minio|os\.TempDir|MkdirTemp",
        "`{}…)` keeps data on the disk of one replica",
    ),
    review(
        Practice::MemoryState,
        GO,
        r"(?m)^var\s+(?P<what>\w+)\s*(?:=\s*(?:make\()?|\s)map\[\w+\](?:\*?[A-Z]\w*|\[\]\w+|int|string)",
        r"(?i)regist|handlers|status|codes|messages|levels|names|flags|types",
        "`{}` is kept in the memory of one process",
    ),
    Sign {
        elsewhere: r"(?i)throttle:|rate_?limit|RateLimiter::for",
        ..review(
            Practice::LoginLimit,
            &["routes/api.php", "routes/web.php"],
            r"(?P<what>Route::post\(\s*'[^'\n]*(?:login|auth)[^'\n]*')",
            "",
            "no limiter counts the attempts of `{}`",
        )
    },
    Sign {
        elsewhere: r"(?i)rack.?attack|:lockable|rate_limit",
        ..review(
            Practice::LoginLimit,
            &[".rb"],
            r"(?P<what>\bdevise\s+:database_authenticatable)",
            r":lockable[\s,]*:|,\s*:lockable",
            "no limiter counts the attempts of a login, and `{}` locks no account",
        )
    },
    Sign {
        elsewhere: r"(?i)rate_?-?limit|throttl|limiter|bucket4j",
        ..review(
            Practice::LoginLimit,
            &[".ts", ".js", ".go", ".py", ".java", ".kt", ".cs", ".rs"],
            r#"(?i)(?P<what>(?:post|post\w*mapping|mutation|route|httppost|handle(?:func)?)\(\s*["'`][^"'`\n]*(?:login|signin|sign-in|authenticate|token)\b[^"'`\n]*["'`]|@Mutation\(\)\s*(?:@[^\n]*\s*)*async\s+login\(|whiteList\[[\w.]*Login\])"#,
            "",
            "no limiter counts the attempts of `{}`",
        )
    },
];
