//! Mistakes in Go that compile: a check of another error, a deferred call of a nil function, a
//! result that is nil without an error, and a slice with empty elements.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "mistakes in Go",
    reader: Reader::Text(read),
};

/// A call that sets an error, and the next statement that checks one.
const CHECKED: &str = r"(?m)^[ \t]*(?:if )?(?:[\w.]+,[ \t]*)*(?P<set>\w*[eE]rr\w*)[ \t]*:?=[ \t]*\w(?:[^\n;]*\)[ \t]*\n[ \t]*if |(?:[^\n;]|\n[ \t]+[^\n;{}]*)*\);[ \t]*)(?:nil != (?P<yoda>\w*[eE]rr\w*)\b|(?P<checked>\w*[eE]rr\w*) != nil)";
/// `app, cleanup, err := wireApp(…)`, followed by `defer cleanup()` or by a call of `cleanup` in
/// the error branch.
const DEFERRED: &str = r"(?m)^[ \t]*(?:if )?(?:\w+,[ \t]*)+(?P<name>\w+),[ \t]*err[ \t]*:?=[^\n]*\)(?:[ \t]*\n[ \t]*defer (?P<deferred>\w+)\(\)|(?:;|[ \t]*\n[ \t]*if) (?:err != nil|nil != err) \{[ \t]*\n(?:[^\n}]*\n){0,5}?[ \t]*(?P<branch>\w+)\(\))";
/// `func (r *Repo) Get(…) (*User, error) {`, and `return nil, nil` in it.
const EMPTY: &str = r"(?m)^func (?:\([^)\n]*\) )?(?P<name>\w*(?:Get|Find|Load|By|Fetch|Lookup|Query)\w*)\([^\n]*\) \(\*[^\n]*error\) \{(?:\n\s*|(?:[^\n]|\n[^}])*?if (?:err != nil|nil != err) \{\s*\n(?:[^\n}]*\n)?\s*)(?P<what>return nil, nil)\b";
/// `text, err := render(…)`, and a statement that does not read the error.
const UNREAD: &str = r"(?m)^[ \t]*(?:\w+,[ \t]*)+(?P<what>err)[ \t]*:?=[ \t]*\w[^\n{]*\)[ \t]*\n(?:[ \t]*\n|[ \t]*//[^\n]*\n)*(?P<next>[^\n]*)\n";

/// `rows := make([]Row, count)` or `rows: make([]Row, count)`.
const SIZED: &str =
    r"\b(?P<name>\w+)(?:\s*:?=|:)\s*make\(\[\][^,\n]+, (?P<size>[^,()\n]+(?:\([^()\n]*\))?)\)";

static PATTERNS: LazyLock<Option<[Regex; 5]>> = LazyLock::new(|| {
    Some([
        ascii(CHECKED)?,
        ascii(DEFERRED)?,
        ascii(EMPTY)?,
        ascii(UNREAD)?,
        ascii(SIZED)?,
    ])
});

/// Lines after which an error counts as unread.
const READ_WITHIN: usize = 4;

/// Parts of a statement after a call that may read its error.
const READERS: &[&str] = &[
    "err", "return", "defer", "switch", "}", "if ", "Error", "span",
];

/// Whether one of the next lines reads the error without setting it.
fn is_read_soon(rest: &str) -> bool {
    rest.lines().take(READ_WITHIN).any(|line| {
        line.contains("err") && !line.contains("err =") && !line.contains("err :=")
            || line.contains("; err")
    })
}

/// Whether the rest of a function appends to a slice that has elements already.
fn appends(rest: &str, name: &str) -> bool {
    let function = rest.split("\nfunc ").next().unwrap_or_default();
    function.match_indices(" = append(").any(|(at, _)| {
        let before = function.get(..at).unwrap_or_default();
        let slice = before
            .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '.' && letter != '_')
            .next()
            .unwrap_or_default();
        let reset = format!("{name} = {name}[:0]");
        slice.rsplit('.').next() == Some(name) && !function.contains(&reset)
    })
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if file.role != Role::Production || !file.path.ends_with(".go") {
        return;
    }
    let Some([checked, deferred, empty, unread, sized]) = PATTERNS.as_ref() else {
        return;
    };
    let mut add = |practice, evidence: String, at| {
        let observation = Observation {
            practice,
            elsewhere: "",
            verdict: Verdict::Review,
            evidence,
        };
        facts.add(observation, at);
    };
    for captures in checked.captures_iter(&file.text) {
        let other = captures.name("checked").or_else(|| captures.name("yoda"));
        if let (Some(set), Some(other)) = (captures.name("set"), other)
            && set.as_str() != other.as_str()
        {
            let evidence = format!(
                "the call sets `{}`, and the next line checks `{}`",
                set.as_str(),
                other.as_str()
            );
            add(Practice::UncheckedLookup, evidence, other.range());
        }
    }
    for captures in deferred.captures_iter(&file.text) {
        let call = captures
            .name("deferred")
            .or_else(|| captures.name("branch"));
        if let (Some(name), Some(call)) = (captures.name("name"), call)
            && name.as_str() == call.as_str()
        {
            let evidence = format!(
                "`{}` is nil if the call fails, so calling it panics",
                name.as_str()
            );
            add(Practice::UncheckedLookup, evidence, call.range());
            if captures.name("branch").is_some()
                && !file.text.contains(&format!("defer {}()", name.as_str()))
            {
                let evidence = format!("`{}` runs only after a failure", name.as_str());
                add(Practice::Cleanup, evidence, name.range());
            }
        }
    }
    for captures in empty.captures_iter(&file.text) {
        if let (Some(name), Some(what)) = (captures.name("name"), captures.name("what")) {
            let evidence = format!(
                "`{}` returns nil without an error, and its callers use the result",
                name.as_str()
            );
            add(Practice::UncheckedLookup, evidence, what.range());
        }
    }
    for captures in sized.captures_iter(&file.text) {
        if let (Some(name), Some(size)) = (captures.name("name"), captures.name("size"))
            && size.as_str() != "0"
            && appends(
                file.text.get(size.end()..).unwrap_or_default(),
                name.as_str(),
            )
        {
            let evidence = format!(
                "`append` adds to `{}` after its empty elements, which are read as zero values",
                name.as_str()
            );
            add(Practice::UncheckedLookup, evidence, name.range());
        }
    }
    for captures in unread.captures_iter(&file.text) {
        if let (Some(what), Some(next)) = (captures.name("what"), captures.name("next"))
            && !READERS.iter().any(|word| next.as_str().contains(word))
            && !is_read_soon(file.text.get(next.end()..).unwrap_or_default())
        {
            let evidence = "the next statement does not read the error of this call".to_owned();
            add(Practice::IgnoredError, evidence, what.range());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PATTERNS;

    #[test]
    fn patterns_compile_and_find_mistakes() {
        let [checked, deferred, empty, unread, sized] =
            PATTERNS.as_ref().expect("the patterns compile");
        assert!(checked.is_match("\tx, err2 := f()\n\tif err != nil {\n"));
        assert!(deferred.is_match("\tapp, cleanup, err := f()\n\tdefer cleanup()\n"));
        assert!(checked.is_match("\tif l, errNew := f(a,\n\t\tb); nil != err {\n"));
        assert!(unread.is_match("\ttext, err := f()\n\n\tuse(text)\n"));
        assert!(sized.is_match("\trows := make([]Row, len(ids))\n"));
        assert!(!sized.is_match("\trows := make([]Row, 0, len(ids))\n"));
        assert!(!deferred.is_match("\tapp, cleanup, err := f()\n\tif err != nil {\n"));
        assert!(empty.is_match(
            "func (r *Repo) GetUser(id int) (*User, error) {\n\tif err != nil {\n\t\treturn nil, nil\n\t}\n}\n"
        ));
        assert!(!empty.is_match(
            "func (r *Repo) GetUser(id int) (*User, error) {\n\tif missing(err) {\n\t\treturn nil, nil\n\t}\n}\n"
        ));
    }
}
