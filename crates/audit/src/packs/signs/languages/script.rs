//! JavaScript and TypeScript: Express, Nest, amqplib, kafkajs and Redis clients.

use super::{
    AUTOMATIC, GROWS, LOCAL, OWNER, PLAIN, PREDICTABLE, RANGE, SCRIPT, Sign, Topic, inside, review,
};

pub(super) const SIGNS: &[Sign] = &[
    review(
        Topic::UnboundedBody,
        SCRIPT,
        r"(?P<what>\b(?:express|bodyParser)\.(?:json|urlencoded|raw|text)\(\s*\{[^}]*limit:\s*['\x22]?(?:\d{2,}\s*mb|\d+\s*gb))",
        "",
        "`{}` accepts very large bodies",
    ),
    review(
        Topic::LocalAddress,
        SCRIPT,
        r"(?P<what>\b(?:brokers|host|url|uri|node|servers|urls))\s*:\s*\[?\s*['\x22](?:\w+://)?(?:localhost|127\.0\.0\.1)(?::\d+)?[^'\x22\n]*['\x22]",
        r"(?i)jest|vite|webpack|devServer",
        LOCAL,
    ),
    inside(
        Topic::Ownership,
        SCRIPT,
        r"(?P<what>\b(?:[A-Z]\w*\.(?:findById|findByPk|findByIdAndUpdate|findByIdAndDelete|findByIdAndRemove)|prisma\.\w+\.(?:findUnique|update|delete))\(\s*(?:\{[^}]*\bid\b[^}]*)?req\.params\.\w*[iI]d)",
        "",
        r"(?i)req\.user|userId|owner|isAdmin|currentUser|req\.auth|authorize",
        OWNER,
    ),
    review(
        Topic::NumberRange,
        SCRIPT,
        r"(?P<what>(?:<|<=|>|>=|-=|\+=|\*|-)\s*(?:Number\(\s*)?(?:req\.body|body|dto)\.(?:quantity|amount|price|qty|count)\b)",
        r"(?i)(?:quantity|amount|price|qty|count)\s*(?:<=?|>)\s*[01]\b|@Min|@IsPositive|\.positive\(|\.min\(|joi|zod",
        RANGE,
    ),
    inside(
        Topic::Expiry,
        SCRIPT,
        r"(?i)(?P<what>\b(?:this\.)?(?:\w*redis\w*|cache|client|rdb)\.set)\(\s*[^;\n]*\)\s*;?\s*$",
        r"(?i)JSON\.stringify|`|\+",
        r"(?i)['\x22](?:EX|PX)['\x22]|\bEX\s*:|\bPX\s*:|expire|setex|ttl|NX",
        GROWS,
    ),
    review(
        Topic::Acknowledgement,
        SCRIPT,
        r"(?m)^(?:[ \t]*)(?P<what>\w+\.ack\(\s*\w+\s*\));?\s*\n\s*await\s",
        "",
        AUTOMATIC,
    ),
    review(
        Topic::WeakRandom,
        SCRIPT,
        r"(?P<what>\bMath\.random\(\))[^;\n]*(?:toString\((?:36|16)?\)|\d{4,})",
        r"(?i)jitter|backoff|delay|color|sample|mock|seed|Math\.random\(\)\s*[<>]",
        PREDICTABLE,
    ),
    inside(
        Topic::PlainPassword,
        SCRIPT,
        r"(?P<what>\bpassword\s*:\s*(?:dto|body|input|data|req\.body|user|createUserDto|registerDto)\.password\b)",
        r"(?i)\.(?:save|create|insert\w*)\(",
        r"(?i)bcrypt|argon|hash|scrypt|pbkdf|compare",
        PLAIN,
    ),
    review(
        Topic::PageSize,
        SCRIPT,
        r"(?P<what>@Query\(\s*['\x22](?:limit|take|size|pageSize|perPage|per_page)['\x22][^)\n]*\)\s*\w+\s*:\s*(?:number|string))",
        r"Math\.min|@Max\(|\.max\(|maximum|MaxValue",
        "`{}` comes from the caller, and the file sets no maximum",
    ),
];
