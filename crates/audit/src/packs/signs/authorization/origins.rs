//! Origins, documents of interfaces and pages for operators that everyone may read.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const ANY: &str = "`{}` accepts every origin";
const DOCS: &str = "`{}` serves the API documentation in every environment";
const PAGE: &str = "`{}` requires no authentication";

const fn any(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::LooseOrigin, files, pattern, "", ANY)
}

const fn docs(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::ApiDocs, files, pattern, unless, DOCS)
}

const fn page(files: &'static [&'static str], pattern: &'static str, unless: &'static str) -> Sign {
    review(Practice::OpenByDefault, files, pattern, unless, PAGE)
}

pub(super) const SIGNS: &[Sign] = &[
    any(
        SCRIPT,
        r"(?P<what>\bcors\(\s*(?:\)|\{[^{}]*origin:\s*(?:['\x22]\*['\x22]|true|\[\s*['\x22]\*)))",
    ),
    any(
        SCRIPT,
        r"(?P<what>\bcors\s*:\s*(?:true\b|\{[^{}]*origin:\s*(?:['\x22]\*['\x22]|true)))",
    ),
    any(
        SCRIPT,
        r"(?P<what>(?:setHeader|header|set)\(\s*['\x22`]Access-Control-Allow-Origin['\x22`]\s*,\s*['\x22`]\*)",
    ),
    any(
        SCRIPT,
        r"(?i)(?P<what>return \w*origins?\w*(?:\.length)?\s*(?:>\s*0\s*)?\?\s*\w+\s*:\s*['\x22]\*['\x22]|\borigins?\w*\s*[:=]\s*[^\n;]*(?:\|\||\?\?)\s*['\x22]\*['\x22])",
    ),
    any(
        GO,
        r#"(?P<what>(?:AllowOrigins|AllowedOrigins|AllowOrigin|AllowedOrigin)\s*[:=]\s*(?:\[\]string\{\s*)?"(?:https?://)?\*"|AllowAllOrigins\s*[:=]\s*true|cors\.(?:Default|AllowAll|New)\(\)|"Access-Control-Allow-Origin"\s*,\s*(?:"\*"|\w+\.(?:Header|Request\.Header)\.Get\(|origin))"#,
    ),
    any(
        PYTHON,
        r#"(?P<what>\b(?:allow_origins|allowed_hosts|allowed_origins|cors_origins|BACKEND_CORS_ORIGINS)\b[^=\n]*=\s*\[\s*["']\*["']|\bCORS\(\s*\w+\s*\)|CORS_(?:ORIGIN_ALLOW_ALL|ALLOW_ALL_ORIGINS)\s*=\s*True|["']Access-Control-Allow-Origin["']\]?\s*[=,:]\s*["']\*)"#,
    ),
    any(
        JVM,
        r#"(?P<what>@CrossOrigin\b(?:\(\s*(?:origins\s*=\s*)?["']\*["']\s*\))?|(?:allowedOrigins|addAllowedOrigin|setAllowedOrigins|allowedOriginPatterns|addAllowedOriginPattern)\(\s*(?:List\.of\(|Arrays\.asList\(|listOf\()?\s*(?:"\*"|CorsConfiguration\.ALL)|"Access-Control-Allow-Origin"\s*,\s*"\*")"#,
    ),
    any(
        &[".cs"],
        r"(?P<what>\.AllowAnyOrigin\(\)|SetIsOriginAllowed\(\s*\(?\w+\)?\s*=>\s*true)",
    ),
    any(
        &[".php"],
        r"(?P<what>['\x22]allowed_?[oO]rigins['\x22]\s*=>\s*[^\n]*\[\s*['\x22]\*|Access-Control-Allow-Origin['\x22]?\s*[:,]\s*['\x22]?\*)",
    ),
    any(
        &[".rb"],
        r"(?P<what>\borigins\s+['\x22]\*['\x22]|Access-Control-Allow-Origin['\x22]\]?\s*(?:=>?|,)\s*['\x22]\*)",
    ),
    any(
        &[".rs"],
        r"(?P<what>CorsLayer::(?:very_)?permissive\(\)|allow_origin\(\s*(?:Any|AllowOrigin::any\(\)|tower_http::cors::Any)\s*\)|Cors::permissive\(\)|\.allow_any_origin\(\))",
    ),
    any(
        &[".conf", ".conf.template", ".conf.tpl", ".yaml", ".yml"],
        r#"(?P<what>Access-Control-Allow-Origin["']?\s*:?\s+["']?\*|cors-allow-origin:\s*["']\*)"#,
    ),
    any(
        &[".yaml", ".yml", ".properties", ".toml", ".json", ".ini"],
        r#"(?im)^[ \t]*["']?(?P<what>[\w.\-]*(?:allowed?_?-?origins?|cors_?-?origins?|origins))["']?[ \t]*[:=][ \t]*\[?[ \t]*(?:\n[ \t]*-[ \t]*)?["']?\*["']?[ \t]*\]?[ \t]*,?\r?$"#,
    ),
    docs(
        SCRIPT,
        r"(?P<what>SwaggerModule\.setup\(|swaggerUi\.(?:serve|setup)|fastifySwaggerUi|@fastify/swagger-ui['\x22]\)|\bplayground\s*:\s*(?:\{|true)|koaSwagger\(|graphiql\s*:\s*true)",
        r"NODE_ENV|isProd|isDev|production",
    ),
    docs(
        GO,
        r#"(?P<what>(?:ginSwagger|echoSwagger|httpSwagger|fiberSwagger|swagger|swaggerUI|playground)\.(?:WrapHandler|EchoWrapHandler|WrapHandler|Handler|HandlerDefault|New|NewHandler|RegisterSwaggerUIServer\w*)\b|"/swagger/\*)"#,
        r"(?i)if .*(?:debug|dev|env|swagger)",
    ),
    docs(
        PYTHON,
        r#"(?P<what>\bdocs_url\s*(?::\s*\w+)?\s*=\s*["']/|FastAPI\(|SpectacularSwaggerView|schema_view\.with_ui|get_swagger_view|flasgger|Swagger\(\s*app)"#,
        r"docs_url\s*=\s*None|(?i:if .*debug|environment\s*[!=]=)",
    ),
    docs(
        &["pom.xml", "build.gradle", "build.gradle.kts"],
        r"(?P<what>springdoc-openapi[\w\-]*ui|springfox-swagger-ui|springfox-boot-starter)",
        "",
    ),
    docs(
        &[".cs"],
        r"(?P<what>\bUseSwagger(?:UI)?\()",
        r"IsDevelopment\(\)|IsProduction\(\)",
    ),
    docs(
        &[".yaml", ".yml", ".toml", ".ini"],
        r"(?im)^[ \t]*(?P<what>(?:enable_?swagger|swagger_?enabled?|enable_?docs|enable_?graphiql)[ \t]*[:=][ \t]*true)",
        "",
    ),
    page(
        &[".conf"],
        r"(?P<what><Location\s+\x22?/(?:server-status|server-info|balancer-manager)|stub_status\b|autoindex\s+on)",
        r"(?i)Require (?:ip|local|host|valid)|\bdeny all|auth_basic",
    ),
    page(
        GO,
        r#"(?P<what>\.Static(?:FS|File)?\(\s*"[^"\n]*(?:export|upload|backup|file|data|media|storage)[^"\n]*"[^\n]*)"#,
        "",
    ),
    page(
        SCRIPT,
        r"(?P<what>express\.static\(\s*[^)\n]*(?:upload|export|files|media|backup|storage)[^)\n]*\))",
        "",
    ),
    page(
        &[".java"],
        r"(?P<what>@RepositoryRestResource)\b",
        r"exported\s*=\s*false",
    ),
    page(
        &["pom.xml", "build.gradle", "build.gradle.kts"],
        r"(?P<what>spring-boot-starter-data-rest)",
        "",
    ),
    page(
        &[".go", ".ts", ".js", ".java", ".kt", ".cs"],
        r"(?P<what>return noop\.\w+\{\}|\bNoOpAuthorizer\b|AllowAllAuthorizer|\bAllowAll(?:Filter|Policy)?\b|anyRequest\(\)\s*\.permitAll\(\)|antMatchers\(\s*\x22/\*\*\x22\s*\)\.permitAll\(\)|\.AllowAnonymous\(\))",
        "",
    ),
    page(
        &["compose.yml", "compose.yaml"],
        r#"(?m)^[ \t]*-[ \t]*["']?(?P<what>(?:\d+:)?(?:15672|8081|9090|3000|5601|16686|9411|8500|9001|5050|8025|1080|9000|8161|2345|40000|5555|4000))["']?[ \t]*\r?$"#,
        r"(?m)^\s+build:\s*[\s\S]{0,200}?(?:3000|9000|4000)",
    ),
];
