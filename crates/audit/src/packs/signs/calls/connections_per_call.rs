//! Clients that each call makes and closes.

use super::{GO, HANDLER, ONE_FUNCTION, PYTHON, Sign, inside, review};
use crate::model::facts::Practice;

const OWN: &str = "each call opens a connection of its own (`{}`)";

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::SharedConnection,
        GO,
        r"(?P<what>\b(?:conn|cc|grpcConn)\b, err :?= [\w.]+\()[^\n]*\n(?:[^\n]*\n){1,8}?\s*defer (?:conn|cc|grpcConn)\.Close\(\)",
        HANDLER,
        r"Upgrade|\.Accept\(|Hijack",
        OWN,
    ),
    inside(
        Practice::SharedConnection,
        GO,
        r"func \([^)]*\) (?:Save|Get|Find|Delete|Update|Insert|Create|Handle|Send|Publish|List|Search|Index)\w*\([^\n]*\{[\s\S]{0,600}?(?P<what>\b(?:elasticsearch|redis|mongo|grpc|kafka|amqp)\.(?:NewClient|Connect|Dial|NewProducer|NewWriter)\()",
        ONE_FUNCTION,
        r"sync\.Once|\.Do\(func",
        OWN,
    ),
    review(
        Practice::SharedConnection,
        PYTHON,
        r"(?m)^[ \t]+async with (?P<what>(?:httpx\.AsyncClient|aiohttp\.ClientSession)\()",
        r"\byield\b|lifespan",
        OWN,
    ),
    review(
        Practice::SharedConnection,
        &[".cs"],
        r"\busing\s*(?:var\b|\(\s*var\b)[^;\n]*(?P<what>\bnew HttpClient\()",
        "",
        OWN,
    ),
];
