//! Handlers of FastAPI that require a signed-in user and never look at it.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;
use crate::syntax::count_word;

pub(super) const PACK: Pack = Pack {
    name: "unused users of FastAPI",
    reader: Reader::Text(read),
};

/// A route that changes data, up to the end of its parameters.
const ROUTE: &str = r"(?m)^@\w+\.(?:post|put|patch|delete)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\n(?:@[^\n]*\n)*(?:async )?def (?P<name>\w+)\((?P<parameters>(?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*)\)[^:\n]*:[ \t]*\n";
/// A parameter with any signed-in user.
const USER: &str = r"\b(?P<user>\w+)\s*:\s*[^=,]*?(?:=\s*|,\s*)Depends\(\s*(?:get_)?(?:current_user|current_active_user|authenticated_user|verify_token|get_user_from_token|current_user_id|user_id)\w*\s*\)";

static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
    LazyLock::new(|| Some((ascii(ROUTE)?, ascii(USER)?)));

/// The lines of a function after its header.
fn body(rest: &str) -> &str {
    let end = rest
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|at| {
            rest.get(*at..)
                .and_then(|line| line.chars().next())
                .is_some_and(|letter| !letter.is_whitespace() && letter != ')')
        })
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.path.ends_with(".py") {
        return;
    }
    let Some((routes, users)) = PATTERNS.as_ref() else {
        return;
    };
    for captures in routes.captures_iter(&file.text) {
        let (Some(whole), Some(name), Some(parameters)) = (
            captures.get(0),
            captures.name("name"),
            captures.name("parameters"),
        ) else {
            continue;
        };
        let Some(user) = users
            .captures(parameters.as_str())
            .and_then(|captures| captures.name("user"))
        else {
            continue;
        };
        let body = body(file.text.get(whole.end()..).unwrap_or_default());
        let roles = parameters.as_str().to_lowercase();
        if count_word(body, user.as_str()) > 0 || roles.contains("role") || roles.contains("perm") {
            continue;
        }
        let observation = Observation {
            practice: Practice::Ownership,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: format!(
                "`{}` requires a signed-in user and never looks at `{}`, so every user changes the record",
                name.as_str(),
                user.as_str()
            ),
        };
        facts.add(observation, name.range());
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::packs::signs::observes::observes;

    fn finds(call: &str) -> bool {
        let text = format!(
            "@router.put(\"/{{id}}\")\nasync def update(\n    id: int,\n    user: User = Depends(get_current_user),\n):\n    return await service.update({call})\n\n\ndef other(user):\n    return user\n"
        );
        observes(read, "routes.py", &text)
    }

    #[test]
    fn handler_that_ignores_its_user_is_found_auth_5() {
        assert!(finds("id"));
        assert!(!finds("id, user.id"));
    }
}
