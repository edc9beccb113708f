//! Spring Security: paths of operators and documents that every caller reaches.

use super::{JVM, Sign, review};
use crate::model::facts::Practice;

const OPEN: &str = "every caller reaches `{}`";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Management,
        JVM,
        r#"(?:[mM]atchers|pathMatchers|authorize)\([^;()]{0,300}?(?P<what>"/(?:actuator|management|manage)/\*\*")[^;()]{0,300}\)?[\s,]*\.?permitAll\b"#,
        r"EndpointRequest\.to\(|management\.server\.port",
        OPEN,
    ),
    Sign {
        elsewhere: r"(?i)springdoc[.\w-]*enabled\s*[:=]\s*(?:false|\$)|(?:api-docs|swagger-ui):\s*\n\s+enabled:\s*(?:false|\$)",
        ..review(
            Practice::ApiDocs,
            JVM,
            r#"(?:[mM]atchers|pathMatchers|authorize)\([^;()]{0,300}?(?P<what>"/(?:v[23]/api-docs|swagger-ui|swagger-ui\.html|api-docs)(?:/\*\*|\*\*)?")[^;()]{0,300}\)?[\s,]*\.?permitAll\b"#,
            r"@Profile",
            OPEN,
        )
    },
    review(
        Practice::LiteralSetting,
        JVM,
        r#"\bset(?:Allowed)?Origin(?:s|Patterns)?\(\s*(?:(?:java\.util\.)?(?:List|Set|Arrays|Collections)\.\w+\()?\s*(?P<what>"https?://(?:localhost|127\.0\.0\.1)[^"\n]*")"#,
        r"@Value|\$\{",
        "the allowed origin `{}` is a literal on localhost, so no other page can call the service",
    ),
    review(
        Practice::LiteralSetting,
        JVM,
        r#"(?P<what>\b(?:static final String|const val) \w*(?:URL|HOST|BASE|ENDPOINT|URI)\w*(?:\s*:\s*String)?\s*=\s*"https?://[^"\n]*")"#,
        r"\bDEFAULT_\w*(?:URL|HOST|URI|ENDPOINT)",
        "an address is a constant, which no environment replaces (`{}`)",
    ),
];
