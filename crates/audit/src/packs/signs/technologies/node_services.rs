//! Nest and Express services: contexts that stay open, clients without a timeout, settings and
//! messages without validation, files that may be missing.

use super::{SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Leak,
        SCRIPT,
        r"(?P<what>\bcreateApplicationContext)\(",
        r"\.close\(\)|process\.exit",
        "`{}` makes a second context with its own connections, and no code closes it",
    ),
    review(
        Practice::OutboundTimeout,
        SCRIPT,
        r"(?P<what>\bnew (?:S3|SES|SESv2|SNS|SQS|DynamoDB)Client)\(",
        r"requestTimeout|requestHandler|connectionTimeout",
        "the requests of `{}` have no timeout",
    ),
    review(
        Practice::LostSetting,
        SCRIPT,
        r"(?P<what>\bConfigModule\.forRoot)\(",
        r"validationSchema|validate\b|\bJoi\b|\bzod\b",
        "`{}` validates no setting, so a missing one shows in the first request",
    ),
    review(
        Practice::TextLength,
        SCRIPT,
        r"(?P<what>\bNestFactory\.createMicroservice)\b",
        r"ValidationPipe|useGlobalPipes",
        "no pipe of `{}` validates the messages of other services",
    ),
    review(
        Practice::UploadType,
        SCRIPT,
        r"\b(?:ContentType|contentType|mimetype|'Content-Type')\s*:\s*(?P<what>\w*[fF]ile\.mimetype)\b",
        r"fileFilter|FileTypeValidator|file-type|fileTypeFrom|magic|allowed",
        "`{}` comes from the client and becomes the type of the stored object",
    ),
    inside(
        Practice::UncheckedValue,
        SCRIPT,
        r"(?P<what>\b(?:req\.)?file\.(?:buffer|path|filename|originalname))\b",
        r"(?i)upload|create|save|put",
        r"if\s*\(\s*!?\s*(?:req\.)?file\b|file\?\.|\bfile\s*(?:&&|\?)|ParseFilePipe|\.map\(|forEach",
        "`{}` fails for a request without a file",
    ),
    review(
        Practice::PlaintextGrpc,
        SCRIPT,
        r"(?P<what>\bcredentials\.createInsecure\(\)|ServerCredentials\.createInsecure\(\))",
        "",
        "`{}` sends requests and tokens without encryption",
    ),
    Sign {
        elsewhere: r"(?i)\bjwt\b|passport|auth\w*middleware|middleware\w*auth|\bauthenticate\b|\bprotect\b|requireAuth|verifyToken|isAuth|getSession|x-api-key",
        ..review(
            Practice::OpenRoute,
            SCRIPT,
            r"(?P<what>(?:^|\s|\b\w+)\.(?:post|put|patch|delete)\(\s*['\x22`]/[^'\x22`\n]*['\x22`])\s*,\s*[\w.]+\s*\)",
            r"(?i)auth|jwt|passport|protect|verify",
            "no code of the service authenticates the callers of `{}…)`",
        )
    },
];
