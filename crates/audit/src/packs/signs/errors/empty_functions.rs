//! Functions without an effect: cleanups that close nothing, checks that always pass, bodies that
//! are comments.

use super::{GO, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const CLOSES_NOTHING: &str = "`{}` is empty, so a stop closes nothing";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Cleanup,
        GO,
        r"(?m)\b(?:sql|sqlx|gorm|pgx|pgxpool|redis|mongo|amqp\w*|kafka|nats|grpc)\.(?:DB|SqlConn|Pool|Client|Conn|ClientConn|Connection|Channel|Writer|Reader|Producer|Consumer)\b[\s\S]*?^func \(\w+ \*?\w+\) (?P<what>Close|Stop|Shutdown|Cleanup|Disconnect)\([^)\n]*\)[^{\n]*\{\s*(?:return(?: nil)?\s*)?\}",
        r"(?i)no-?op",
        CLOSES_NOTHING,
    ),
    review(
        Practice::Cleanup,
        SCRIPT,
        r"(?m)^[ \t]*(?:public\s+)?(?:async\s+)?(?P<what>onModuleDestroy|onApplicationShutdown|beforeApplicationShutdown|close|disconnect|shutdown)\([^)\n]*\)[^{;\n]*\{\s*(?:return;?\s*)?\}",
        "",
        CLOSES_NOTHING,
    ),
    review(
        Practice::HealthResult,
        GO,
        r"(?m)^func \([^)\n]*\) (?P<what>Ping|Healthy?|HealthCheck|CheckHealth|Ready|Liveness|Readiness)\([^\n]*\berror\)? \{\s*\n\s*return(?: nil)?\s*\n\}",
        "",
        "`{}` checks nothing, so health never fails",
    ),
    review(
        Practice::Stub,
        GO,
        r"(?m)^func (?:\([^)\n]*\) )?(?P<what>\w+)\([^\n]*\{\n\s*return(?: nil| nil, nil)?\s*\n(?:\s*//[^\n]*\n)*?\s*//\s*(?:return|if|err|res|resp|for)\b[^\n]*\n(?:\s*//[^\n]*\n)*\}",
        "",
        "`{}` returns immediately, and its body is a comment",
    ),
];
