//! Handlers that read or change records of any user.

use super::{PYTHON, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Ownership,
        &[
            "query.cs",
            "queryhandler.cs",
            "command.cs",
            "commandhandler.cs",
        ],
        r"(?is)\bI?(?:order|invoice|payment|account|document|message|address|profile|subscription|booking|ticket|cart|basket)\w*repository\b.*?(?P<what>\brequest\.\w*Id)\b",
        r"(?i)current_?user|user_?id|owner_?id|customer_?id|buyer",
        "`{}` selects a record, and no code compares its owner with the caller",
    ),
    review(
        Practice::Ownership,
        PYTHON,
        r"def (?:get|list|find|fetch)_\w*s\((?:[^)u]|u[^s])*\)[^\n]*:\s*\n\s*\w+ = (?P<what>select\(\s*(?:\w+\.)?\w*(?i:transaction|order|invoice|payment|message|notification|booking|subscription)s?\))\s*\n",
        "",
        "`{}` reads the records of all users",
    ),
    Sign {
        elsewhere: r"\bAPP_GUARD\b|useGlobalGuards\(",
        ..review(
            Practice::OpenRoute,
            &["controller.ts"],
            r"@Controller\([\s\S]*?(?P<what>@(?:Post|Put|Patch|Delete)\()",
            r"UseGuards|@Public\(|(?i)login|register|sign-?up|webhook|MessagePattern|GrpcMethod",
            "no guard protects `{}…)`, which changes data",
        )
    },
    Sign {
        elsewhere: r"\bAPP_GUARD\b|useGlobalGuards\(",
        ..review(
            Practice::OpenRoute,
            &["controller.ts"],
            r"@Controller\(\s*['\x22](?:\w+/)*(?:users|accounts|customers|orders|payments|invoices)['\x22]\s*\)[\s\S]*?(?P<what>@Get\()",
            r"UseGuards|@Public\(|MessagePattern|GrpcMethod",
            "no guard protects `{}…)`, which reads personal data",
        )
    },
    review(
        Practice::DebugRoute,
        PYTHON,
        r#"(?P<what>@\w+\.(?:get|post|put|delete)\(\s*["']/(?:test|debug|dummy|tmp)/?["'])"#,
        "",
        "`{}` is a route for tests",
    ),
    review(
        Practice::MassAssignment,
        &[".ts", ".js"],
        r"(?i:register|sign_?up|create_?user)\w*\([\s\S]{0,900}?(?P<what>\brole(?:Id|s)?\s*:\s*(?:\{\s*id:\s*)?(?:body|dto|req\.body|data|input|payload|\w+Dto)\.role\w*)",
        r"(?i)hasRole|isAdmin|@Roles\(|allowedRoles",
        "a new user chooses its own role (`{}`)",
    ),
    review(
        Practice::TokenLifetime,
        PYTHON,
        r"(?m)^(?:async )?def \w*refresh\w*\((?:[^\n]*\n)(?:[ \t][^\n]*\n|\)[^\n]*\n|\n){1,14}?[ \t]+[^\n]*(?:decode|verify)\w*\((?:[^\n]*\n)(?:[ \t][^\n]*\n|\n){0,14}?[ \t]+[^\n]*(?P<what>\bcreate_\w*token)\(",
        r"(?i)get_(?:user|by)|find_|session\.|db\.|repo|revoked|blacklist|denylist",
        "`{}` trusts the refresh token alone, so no one can revoke it",
    ),
];
