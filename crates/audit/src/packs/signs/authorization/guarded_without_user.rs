//! Routes of Nest that a guard protects and whose handlers never use the user.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "guarded routes of Nest",
    reader: Reader::Text(read),
};

/// A method with decorators, of which one registers a route that changes data.
const METHOD: &str = r"(?m)(?P<decorators>(?:^[ \t]*@\w+\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)[ \t]*\n)+)^[ \t]*(?:public\s+)?(?:async\s+)?(?P<name>\w+)\((?P<rest>(?:[^\n]*\n){0,40}?)^(?:  |    |\t)\}";
const CHANGES: &[&str] = &["@Put(", "@Patch(", "@Delete(", "@Post("];
/// Words of a handler that knows its caller, or whose guard knows more than the user.
const KNOWS: &str = r"(?i)@(?:req|request|session|\w*(?:user|account|principal|member|identity)\w*|token\w*|headers|ip|roles?|permissions?|auth|acl|res|resource\w*|can\w*|check\w*|require\w*|allow\w*|public)\(|\breq(?:uest)?\.user|\buser\b|role|permission|admin|owner|polic|abilit|webhook|log_?(?:in|out)|sign_?|register|refresh|apikey|api_?key";

static PATTERNS: LazyLock<Option<(Regex, Regex)>> =
    LazyLock::new(|| Some((ascii(METHOD)?, ascii(KNOWS)?)));

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.path.ends_with("controller.ts") {
        return;
    }
    let Some((methods, knows)) = PATTERNS.as_ref() else {
        return;
    };
    let class = file
        .text
        .split_once("export class")
        .map_or("", |(before, _)| before);
    let header = class.rsplit("@Controller(").next().unwrap_or_default();
    let guarded = class.contains("@UseGuards(");
    if guarded && knows.is_match(header) {
        return;
    }
    for captures in methods.captures_iter(&file.text) {
        let (Some(whole), Some(decorators), Some(name)) = (
            captures.get(0),
            captures.name("decorators"),
            captures.name("name"),
        ) else {
            continue;
        };
        let changes = CHANGES
            .iter()
            .any(|route| decorators.as_str().contains(route));
        let own = guarded || decorators.as_str().contains("@UseGuards(");
        if !changes || !own || knows.is_match(whole.as_str()) {
            continue;
        }
        let observation = Observation {
            practice: Practice::Ownership,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: format!(
                "`{}` accepts every signed-in user and never looks at who it is",
                name.as_str()
            ),
        };
        facts.add(observation, name.range());
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::packs::signs::observes::observes;

    fn finds(parameters: &str) -> bool {
        let text = format!(
            "@Controller('products')\nexport class Products {{\n  @Put(':id')\n  @UseGuards(JwtGuard)\n  update({parameters}) {{\n    return this.products.update(id);\n  }}\n}}\n"
        );
        observes(read, "products.controller.ts", &text)
    }

    #[test]
    fn guarded_route_that_ignores_its_user_is_found_auth_5() {
        assert!(finds("@Param('id') id: string"));
        assert!(!finds("@Param('id') id: string, @CurrentUser() user: User"));
        assert!(!finds(
            "@Param('id') id: string, @RequestUser('id') by: string"
        ));
    }
}
