//! Transports between services and to collectors: encryption, and time limits of NestJS clients.

use super::{GO, PYTHON, Sign, review};
use crate::model::facts::Practice;

const PLAIN: &str = "`{}` sends its data without encryption";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Encryption,
        GO,
        r"(?P<what>\botlp\w+\.WithInsecure\(\))",
        "WithTLSCredentials|WithTLSClientConfig",
        PLAIN,
    ),
    review(
        Practice::Encryption,
        PYTHON,
        r"(?P<what>\bOTLP\w+Exporter\([^)]*insecure\s*=\s*True)",
        "",
        PLAIN,
    ),
    review(
        Practice::Encryption,
        &[".ts"],
        r"(?P<what>\btransport:\s*Transport\.(?:GRPC|TCP))\b",
        r"credentials|tlsOptions|createSsl",
        PLAIN,
    ),
    review(
        Practice::OutboundTimeout,
        &[".ts"],
        r"\b(?:firstValueFrom|lastValueFrom)\(\s*(?P<what>this\.\w+(?:\s*\.\w+)+)(?:<[^>\n]*>)?\(",
        r"(?i)timeout\(|timeout:|deadline|\bhttp\w*\.(?:get|post|put|delete|patch)\(",
        "`{}` has no timeout",
    ),
    review(
        Practice::OutboundTimeout,
        &[".ts"],
        r"(?:return|=)\s+(?:await\s+)?(?P<what>this\.\w*(?:[cC]lient|[sS]ervice|[pP]roxy)\w*\s*\.send)(?:<[^>\n]*>)?\(",
        r"(?i)timeout\(|timeout:|deadline|firstValueFrom|lastValueFrom|mailer|mailService",
        "`{}` has no timeout",
    ),
    Sign {
        // The time limit of a shutdown begins with `context.Background()`.
        elsewhere: r"context\.With(?:Timeout|Deadline)\(\s*(?:ctx|c|r|req|parent)\b|timeout\.UnaryClientInterceptor|http\.TimeoutHandler|timeout\.New\(",
        ..review(
            Practice::OutboundTimeout,
            GO,
            r"(?P<what>\b\w+(?:\.\w+)*\.(?:c|client|\w*[cC]lient|rpc|\w*R[pP][cC]|stub|health)\.[A-Z]\w+)\(\s*ctx,\s*&\w+\.\w+(?:Request|Req)\{|(?P<other>\b\w+\.cc\.Invoke)\(\s*ctx,",
            "WithTimeout|WithDeadline",
            "`{}` has no deadline of its own",
        )
    },
];
