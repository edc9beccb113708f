//! JavaScript: addresses, connections, passwords and tasks that work only on a
//! developer's machine.

use super::{SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::LocalAddress,
        SCRIPT,
        r"\.(?:get|post|put|patch|delete|request)\(\s*(?P<what>['\x22`]https?://(?:localhost|127\.0\.0\.1)[^'\x22`\n]*['\x22`])",
        r"(?i)from ['\x22]react|supertest|describe\(",
        "the address of another service is a literal of this host ({})",
    ),
    inside(
        Practice::InternalError,
        SCRIPT,
        r"\.(?:send|json)\(\s*(?:\{[^{}]*)?(?P<what>\berr(?:or)?Message)\b",
        r"(?:error|err|e)\.(?:toString\(\)|message)",
        "",
        "the response contains the text of every error (`{}`)",
    ),
    review(
        Practice::FileLogging,
        SCRIPT,
        r"(?P<what>\bfs\.(?:createWriteStream|appendFile|appendFileSync))\((?:[^;]){0,200}?(?i:log)",
        "",
        "logs go to a file of the container (`{}`)",
    ),
    review(
        Practice::UncheckedSecret,
        SCRIPT,
        r"(?P<what>\bprocess\.env\.\w*(?:SECRET|KEY|TOKEN|PASSWORD|PASS|SALT)\w*\s*(?:\|\||\?\?)\s*(?:''|\x22\x22|``))",
        r"throw |process\.exit",
        "an empty text replaces the missing secret (`{}`)",
    ),
    review(
        Practice::LostSetting,
        SCRIPT,
        r"(?P<what>\bprocess\.env\.\w*PORT\w*\s*(?:\|\||\?\?)\s*(?:''|\x22\x22|``))",
        "",
        "an empty text replaces the missing port (`{}`)",
    ),
    review(
        Practice::SecretLogged,
        SCRIPT,
        r"(?i)\b\w*(?:log\w*|console)(?:\.\w+)?\([^;]{0,160}?\$\{[\w.]*(?P<what>\b(?:connection(?:_?string|_?ur[il])?|dsn|database_?ur[il]|mongo\w*_?ur[il]|redis_?ur[il]|amqp_?ur[il]))\s*\}",
        r"(?i)redact|mask|new URL\(",
        "the log contains `{}`, and with it the password of the connection",
    ),
    review(
        Practice::FloatingPromise,
        SCRIPT,
        r"(?P<what>\bsetTimeout)\(\s*async\b[^{]*\{(?:[^{}]|\{[^{}]*\})*?\bawait\b",
        r"\bsetTimeout\(\s*async[^{]*\{\s*try\b",
        "no code handles the failure of the asynchronous function of `{}`",
    ),
    review(
        Practice::MemoryState,
        SCRIPT,
        r"(?P<what>\bsetTimeout)\(\s*(?:async\s*)?\(\)\s*=>\s*\{(?:[^{}]|\{[^{}]*\})*?\.(?:update\w*|findByIdAndUpdate|findOneAndUpdate|save|create|delete\w*|send|publish)\(",
        "",
        "a restart loses the work that waits in `{}`",
    ),
    inside(
        Practice::IgnoredError,
        SCRIPT,
        r"(?m)^[ \t]*await (?P<what>[\w.]*\b[A-Za-z]\w*\.(?:findByIdAndUpdate|findByIdAndDelete|findByIdAndRemove|updateOne|deleteOne))\((?:[^;]|\n)*?;[^;]*?(?:\.status\(\s*(?:20\d|\w+\.OK)|\.send\(|\.json\()",
        r"\breq(?:uest)?\.(?:params|query|body)\b",
        r"matchedCount|modifiedCount|deletedCount|\.n\b",
        "`{}` succeeds for a record that does not exist",
    ),
    review(
        Practice::PlainPassword,
        SCRIPT,
        r"(?P<what>\b(?:CryptoJS|Crypto|crypto)\.(?:AES|DES|TripleDES|Rabbit|RC4)\.(?:en|de)crypt)\(\s*[\w.]*(?i:pass)",
        "",
        "`{}` encrypts a password, so a reader of the key can read all passwords",
    ),
    review(
        Practice::SampleData,
        SCRIPT,
        r"(?P<what>\b(?:username|email|login)\s*:\s*['\x22](?:admin|root|superadmin|administrator)\w*(?:@[^'\x22]*)?['\x22])\s*,[^{}]{0,120}?\bpassword\s*:",
        "",
        "the program creates an account that everyone knows (`{}`)",
    ),
    review(
        Practice::TestDependency,
        SCRIPT,
        r"(?P<what>\b(?:from|require\()\s*['\x22](?:faker|@faker-js/faker|chance|casual|nock|sinon|supertest)['\x22])",
        "",
        "deployed code uses a library for tests (`{}`)",
    ),
];
