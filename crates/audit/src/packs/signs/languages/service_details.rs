//! Details of services in several languages: claims without a check, changes of unknown records,
//! files on one disk, and channels that stay open.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const CLAIM: &str = "a valid token without one of the claims raises an exception, so the caller gets 500 and not 401";
const UNKNOWN: &str =
    "no code reads how many records `{}` changed, so the change of an unknown ID is a success";
const ONE_DISK: &str = "`{}` keeps files of callers on the disk of one container, so other replicas and the next release lack them";
const OPEN: &str = "each message opens a channel (`{}`) that no code closes";
const RANGE: &str = "a change accepts a negative number (`{}`)";
const REMOTE: &str = r"(?i)s3|minio|bucket|blob|cloudinary|gcs|storage_client|/tmp|tempfile|volume";

const fn on_disk(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::HostPath, files, pattern, REMOTE, ONE_DISK)
}

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::ErrorResponse,
        PYTHON,
        r"(?P<what>\b(?:payload|claims|decoded\w*|token_data|token_payload)\[\s*['\x22]\w+['\x22]\s*\])",
        r"(?i)jwt\.decode|decode_token|decode_jwt|verify_token|decode_access_token",
        r"KeyError|except Exception|except\s*:|(?:payload|claims|decoded\w*|token_data|token_payload)\.get\(|['\x22] (?:not )?in ",
        CLAIM,
    )
    .guess(),
    inside(
        Practice::ErrorResponse,
        SCRIPT,
        r"(?m)^[ \t]*await\s+(?P<what>this\.\w*(?i:repo\w*|model)\.(?:update|delete|softDelete|restore|updateOne|deleteOne))\([^;]{0,200}?\)\s*;?\s*\n\s*\}",
        r"(?i)\b(?:update|delete|remove|restore|handle|execute|cancel|archive)\w*\s*\(",
        r"affected|find|exist|NotFound|preload|modifiedCount|matchedCount|deletedCount|\.count\w*\(",
        UNKNOWN,
    ),
    inside(
        Practice::ErrorResponse,
        PYTHON,
        r"(?m)^[ \t]*(?:await\s+)?(?P<what>(?:self\.)?\w*(?i:session|db|collection|conn)\w*\.(?:execute\(\s*(?:update|delete)|update_one|delete_one))\(",
        r"(?m)^[ \t]*(?:async )?def (?:update|delete|remove|change|set)\w*\(",
        r"rowcount|matched_count|modified_count|deleted_count|returning|scalar|\.get\(|find_one|select\(",
        UNKNOWN,
    ),
    on_disk(
        PYTHON,
        r#"(?P<what>\b(?:aiofiles\.)?open\(\s*(?:f?["'](?:\./)?(?:static|uploads?|media|images|files)/|\w*(?i:upload|media|file|dest|image|save)\w*\s*,\s*["']wb)|\b\w*(?i:path|dest|file|target)\w*\.open\(\s*["']wb|\bshutil\.copyfileobj\(\s*\w*(?i:file|upload)\w*\.file)"#,
    ),
    on_disk(
        SCRIPT,
        r"(?P<what>\bmulter\(\s*\{\s*dest\s*:|\bdiskStorage\(\s*\{|\bwriteFile(?:Sync)?\(\s*(?:path\.join\([^)\n]*|`[^`\n]*|['\x22][^'\x22\n]*)(?:uploads?|public|static|images))",
    ),
    on_disk(
        JVM,
        r"(?P<what>\bFiles\.copy\(\s*\w+\.getInputStream\(\)|\.transferTo\(\s*(?:new File\(|\w*(?i:path|dest|file|target)\w*\s*\)))",
    ),
    on_disk(GO, r"(?P<what>\.SaveUploadedFile)\("),
    inside(
        Practice::Leak,
        GO,
        r"(?m)^[ \t]*\w+, \w+ :?= (?P<what>(?:\w+\.)*(?:[gG]et|[oO]pen|[nN]ew)\w*Channel\(\))",
        r"\.Publish(?:WithContext)?\(",
        r"\.Close\(\)|Confirm\(|func New",
        OPEN,
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"\.QueueDeclare\(\s*[^,\n]+,[^\n]*\n\s*(?P<what>false),[^\n]*(?i:durable)",
        "",
        "a restart of the broker deletes the queue and its messages (durable is `{}`)",
    ),
    review(
        Practice::NumberRange,
        PYTHON,
        r"(?m)^class \w*(?:Update|Patch|Edit)\w*\([^)\n]*\):\s*\n(?:[ \t]+[^\n]*\n|\n){0,15}?[ \t]+(?P<what>(?:\w+_)?(?:price|quantity|stock|amount|balance|qty)\s*:\s*(?:Optional\[\s*)?(?:float|int|Decimal)\]?(?:\s*\|\s*None)?)[ \t]*(?:=\s*(?:None|Field\(\s*(?:None|default=None)\s*\))\s*)?\n",
        r"validator\(\s*['\x22](?:\w+_)?(?:price|quantity|stock|amount|balance|qty)",
        RANGE,
    ),
    review(
        Practice::TokenAlgorithm,
        SCRIPT,
        r"(?P<what>\b\w*[jJ]wt\w*\.verifyAsync)(?:<[^>\n]*>)?\(\s*\w+\s*,\s*\{[^{}]*\}",
        "algorithms",
        "`{}` accepts every algorithm that fits the key",
    ),
];
