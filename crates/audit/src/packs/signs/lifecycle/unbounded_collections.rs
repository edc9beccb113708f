//! Collections in memory that code only adds to: caches, sessions and lists of handled messages.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::signs::ascii::ascii;
use crate::packs::signs::scope;
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "collections that only grow",
    reader: Reader::Text(read),
};

/// How a language declares a collection that lives as long as the process, and how code adds to it
/// and takes from it. `{}` is the name of the collection.
struct Collections {
    ends: &'static [&'static str],
    /// A text of a file whose objects serve many requests.
    shared: &'static str,
    declared: &'static str,
    adds: &'static str,
    takes: &'static str,
}

const LANGUAGES: &[Collections] = &[
    Collections {
        ends: &[".go"],
        shared: r"\bsync\.(?:RW)?(?:Mutex|Map)\b",
        declared: r"(?m)^[ \t]*(?:var[ \t]+)?(?P<name>[a-zA-Z]\w*)[ \t]+(?:=[ \t]*(?:make\()?)?(?:map\[[^\n\]]+\]|sync\.Map\b)",
        adds: r"\b{}\[[^\n]*\][ \t]*(?:=[^=]|\+\+)|\b{}\.(?:Store|LoadOrStore)\(",
        takes: r"\bdelete\([\w.]*\b{}\b|\bclear\([\w.]*\b{}\b|\b{}[ \t]*=[ \t]*(?:make\(|map\[)|\b{}\.(?:Delete|LoadAndDelete|Clear)\(|\brange [\w.]*\b{}\b[^\n]*\{(?:[^\n]*\n){0,6}?[^\n]*\bdelete\(",
    },
    Collections {
        ends: &[".ts", ".js", ".mjs"],
        shared: r"@Injectable|@WebSocketGateway|@Controller|(?m)^(?:export )?(?:const|let) \w+[^\n=]*= (?:new (?:Map|Set)\b|\{\})|\bmodule\.exports\b",
        declared: r"(?m)^(?:[ \t]*(?:private|protected|public|static|readonly)[ \t]+(?:static[ \t]+|readonly[ \t]+)*|(?:export )?(?:const|let)[ \t]+|[ \t]+this\.)(?P<name>\w+)[^\n=]*=[ \t]*(?:new (?:Map|Set)\b|\{\}[ \t]*;?[ \t]*$)",
        adds: r"\b{}\.(?:set|add)\(|\b{}\[[^\n\]]*\][ \t]*=[^=]",
        takes: r"\b{}\.(?:delete|clear)\(|\bdelete [\w.]*{}\[|\b{}[ \t]*=[ \t]*new\b[^\n]*\n(?:[^\n]*\n)*[^\n]*\b{}[ \t]*=[ \t]*new\b",
    },
    Collections {
        ends: &[".py"],
        shared: r"\w",
        declared: r"(?m)^_?(?P<name>[a-z_]\w*)(?:[ \t]*:[^\n=]*)?[ \t]*=[ \t]*(?:\{\}|dict\(\)|set\(\)|defaultdict\([^\n]*\)|\[\])[ \t]*(?:#[^\n]*)?$",
        adds: r"\b{}\[[^\n]*\][ \t]*(?:=[^=]|\+=)|\b{}\.(?:add|append|setdefault)\(|\b{}\[[^\n]*\]\.append\(",
        takes: r"\b{}\.(?:pop|popitem|clear|discard|remove)\(|\bdel \b{}\b|\b{}[ \t]*=[ \t]*(?:\{|\[|set|dict)[^\n]*\n(?:[^\n]*\n)*[ \t]+[^\n]*\b{}[ \t]*=[ \t]*(?:\{|\[|set|dict)",
    },
    Collections {
        ends: &[".java", ".kt"],
        shared: r"@(?:Service|Component|Controller|RestController|Repository|Configuration)\b|\bstatic\b[^\n]*ConcurrentHashMap",
        declared: r"(?m)^[ \t]*(?:private|protected|public|static|final)[ \t]+(?:static[ \t]+|final[ \t]+|val[ \t]+)*(?:[\w<>, .?\[\]]+[ \t]+)?(?P<name>\w+)[^\n=]*=[ \t]*(?:new (?:Concurrent)?(?:Hash|SkipList)(?:Map|Set)\b|ConcurrentHashMap\.newKeySet|mutableMapOf|Collections\.synchronized|ConcurrentHashMap<)",
        adds: r"\b{}\.(?:put|putIfAbsent|computeIfAbsent|add|merge|compute)\(|\b{}\[[^\n]*\][ \t]*=",
        takes: r"\b{}\.(?:remove|removeIf|clear|poll|entrySet\(\)\.removeIf|values\(\)\.remove|keySet\(\)\.remove)\b",
    },
];

/// Names of collections with an entry for each request, user or message.
const PER_REQUEST: &str = r"(?i)seen|processed|handled|cache|session|client|code|otp|token|visitor|limiter|bucket|attempt|request|pending|history|entr(?:y|ies)|record|event|message|users?\b|state|workflow|instance|dedup|key|lock|order|payment|store|items|connection|room|job|task|notification|payload|data|reset|otp";
/// Names of tables that the program fills once.
const FIXED: &str = r"(?i)handler|registr|route|config|setting|allowed|valid|factor|strateg|status|codec|schema|type|metric|rule|permission|role|default|supported|mapping|template|translation|message_?types|event_?types|consumer|subscri|listener|module|plugin|service|provider";
/// Functions that run at the start.
const AT_START: &str = r"^[^\n]*\b(?:[nN]ew\w*|init\w*|__init__|constructor|[rR]egister\w*|[lL]oad\w*|[sS]etup\w*|main|[cC]onfigure\w*|[uU]se\w*|[sS]ubscribe\w*|on[A-Z]\w*|seed\w*)\s*[(=]";
/// Code that bounds a collection in another way.
const BOUNDED: &str = r"(?i)\blru\b|ttl_?cache|max_?(?:size|entries|items|len)|evict|expir|maxlen|caffeine|cleanup|removeEldest|weakmap|prune";
/// Parts of paths of code that is not deployed.
const ASIDE: &[&str] = &["mock", "fake", "stub", "seed", "migrat", "script"];

struct Compiled {
    collections: &'static Collections,
    shared: Regex,
    declared: Regex,
}

struct Patterns {
    languages: Vec<Compiled>,
    per_request: Regex,
    fixed: Regex,
    at_start: Regex,
    bounded: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        languages: LANGUAGES
            .iter()
            .map(|collections| {
                Some(Compiled {
                    collections,
                    shared: ascii(collections.shared)?,
                    declared: ascii(collections.declared)?,
                })
            })
            .collect::<Option<_>>()?,
        per_request: ascii(PER_REQUEST)?,
        fixed: ascii(FIXED)?,
        at_start: ascii(AT_START)?,
        bounded: ascii(BOUNDED)?,
    })
});

/// Maximum number of collections that are read in one file.
const MAX_COLLECTIONS: usize = 10;

pub(in crate::packs::signs) fn reads(path: &str) -> bool {
    LANGUAGES
        .iter()
        .any(|own| own.ends.iter().any(|end| path.ends_with(end)))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let path = file.path.to_lowercase();
    if file.role != Role::Production
        || ASIDE.iter().any(|part| path.contains(part))
        || scope::is_page(file)
    {
        return;
    }
    let Some(patterns) = PATTERNS.as_ref() else {
        return;
    };
    let language = patterns
        .languages
        .iter()
        .find(|own| own.collections.ends.iter().any(|end| path.ends_with(end)));
    let Some(language) = language.filter(|own| own.shared.is_match(&file.text)) else {
        return;
    };
    if patterns.bounded.is_match(&file.text) {
        return;
    }
    for captures in language
        .declared
        .captures_iter(&file.text)
        .take(MAX_COLLECTIONS)
    {
        let Some(name) = captures.name("name") else {
            continue;
        };
        let own = name.as_str();
        if !patterns.per_request.is_match(own) || patterns.fixed.is_match(own) {
            continue;
        }
        if let Some(at) = grows(&file.text, own, language.collections, &patterns.at_start) {
            let observation = Observation {
                practice: Practice::GrowingMemory,
                verdict: Verdict::Review,
                elsewhere: "",
                evidence: format!(
                    "code adds to `{own}` for each request or message, and no code of the file removes an entry"
                ),
            };
            facts.add(observation, at);
        }
    }
}

/// The place where a function that runs for a request adds to a collection, if nothing is removed.
fn grows(
    text: &str,
    name: &str,
    collections: &Collections,
    at_start: &Regex,
) -> Option<std::ops::Range<usize>> {
    let named = |pattern: &str| ascii(&pattern.replace("{}", name));
    if named(collections.takes)?.is_match(text) {
        return None;
    }
    named(collections.adds)?
        .find_iter(text)
        .filter(|found| {
            let around = scope::around(text, found.start(), found.end());
            around.len() < text.len() && !at_start.is_match(around)
        })
        .map(|found| found.start()..found.end())
        .next()
}

#[cfg(test)]
mod tests {
    use super::{PACK, PATTERNS};
    use crate::model::facts::{Observation, Practice};
    use crate::model::{FactSink, FactStore};
    use crate::packs::Reader;
    use crate::repository::{Role, Tracked};
    use crate::source::SourceFile;

    fn found(path: &str, text: &str) -> bool {
        let file = SourceFile::new(path, text, Role::Production, Tracked::Yes);
        let mut store = FactStore::default();
        let Reader::Text(read) = PACK.reader else {
            panic!("the pack reads text");
        };
        read(&file, &mut FactSink::new(&file, &mut store));
        store
            .of::<Observation>()
            .items
            .iter()
            .any(|observation| observation.practice == Practice::GrowingMemory)
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }

    #[test]
    fn collections_that_only_grow_are_found_data_4() {
        for (path, bad, good) in [
            (
                "a.go",
                "type Store struct {\n\tmu   sync.Mutex\n\tseen map[string]bool\n}\n\nfunc (s *Store) Mark(id string) {\n\ts.seen[id] = true\n}\n",
                "type Store struct {\n\tmu   sync.Mutex\n\tseen map[string]bool\n}\n\nfunc (s *Store) Mark(id string) {\n\ts.seen[id] = true\n}\n\nfunc (s *Store) Drop(id string) {\n\tdelete(s.seen, id)\n}\n",
            ),
            (
                "a.ts",
                "@Injectable()\nexport class A {\n  private readonly sessions = new Map<string, S>();\n  open(id: string) {\n    this.sessions.set(id, {});\n  }\n}\n",
                "@Injectable()\nexport class A {\n  private readonly sessions = new Map<string, S>();\n  open(id: string) {\n    this.sessions.set(id, {});\n  }\n  close(id: string) {\n    this.sessions.delete(id);\n  }\n}\n",
            ),
            (
                "a.py",
                "processed = set()\n\ndef handle(event):\n    processed.add(event.id)\n",
                "processed = set()\n\ndef handle(event):\n    processed.add(event.id)\n    processed.discard(event.before)\n",
            ),
            (
                "A.java",
                "@Service\nclass A {\n    private final Map<String, Long> attempts = new ConcurrentHashMap<>();\n    public void fail(String id) {\n        attempts.put(id, 1L);\n    }\n}\n",
                "@Service\nclass A {\n    private final Map<String, Long> attempts = new ConcurrentHashMap<>();\n    public void fail(String id) {\n        attempts.put(id, 1L);\n    }\n    public void pass(String id) {\n        attempts.remove(id);\n    }\n}\n",
            ),
        ] {
            assert!(found(path, bad), "{path} {bad}");
            assert!(!found(path, good), "{path} {good}");
        }
    }

    #[test]
    fn tables_that_the_start_fills_are_left_out() {
        assert!(!found(
            "a.go",
            "type Set struct {\n\tmu sync.Mutex\n\tkeys map[string]bool\n}\n\nfunc NewSet(all []string) *Set {\n\ts.keys[all[0]] = true\n}\n"
        ));
    }
}
