//! Queries without the request context, and queries without a limit.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const LIMITS: &str = r"(?i)\blimit|\btake\b|pagina|cursor|page_?size|per_?page|\bfirst\b|aggregate";
const ALL: &str = "`{}` reads every matching row";
const CONTEXT: &str =
    "`{}` takes no context, so the query continues after the request is cancelled";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::RequestContext,
        GO,
        r#"(?P<what>\b(?:\w+\.)*(?:db|DB|sqlDB|conn|tx|pool|\w*[sS]tmt)\.(?:Query|QueryRow|Exec|Get|Select|NamedExec|NamedQuery|Queryx|QueryRowx|MustExec|Begin|Beginx|Ping)\((?:["`&)]|[\w.]*(?i:query|sql|stmt|id|name|args?|params?|user\w*|model\w*)\b[,.\w)]))"#,
        r"(?i)migrat|\bfunc main\(\)|WithContext\(",
        CONTEXT,
    ),
    review(
        Practice::RequestContext,
        GO,
        r#"(?P<what>\b(?:\w+\.)*(?:db|DB|gorm|orm)\.(?:Where|First|Find|Create|Save|Model|Delete|Updates|Preload|Table|Raw|Joins|Order)\()(?:["`&]|[a-z]\w*\)\.Error)"#,
        r"WithContext\(|(?i:automigrate)",
        CONTEXT,
    ),
    review(
        Practice::UnboundedList,
        SCRIPT,
        r"(?P<what>\.keys\(\s*[`'\x22][^`'\x22\n]*\*)",
        "",
        "`{}` reads every key and blocks the store",
    ),
    review(
        Practice::UnboundedList,
        &[".py", ".java", ".kt", ".php", ".rb", ".cs"],
        r"(?P<what>(?i:redis|rdb|cache|template)\w*(?:\(\))?(?:\.|->)keys\(\s*[`'\x22]?[^)\n]*)",
        "",
        "`{}` reads every key and blocks the store",
    ),
    review(
        Practice::UnboundedList,
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*(?:[rR]epository|[mM]odel|[rR]epo)\.(?:find|findAll|findMany)\(\s*(?:\{|\w+\s*[,)])|\bprisma\.\w+\.findMany\(|\.getMany\(\)|\b[A-Z]\w+\.(?:find|findAll)\(\s*\{\s*\w)",
        LIMITS,
        ALL,
    ),
    review(
        Practice::UnboundedList,
        GO,
        r"(?P<what>\.Find\(\s*(?:ctx|c|context\.\w+\(\)|r\.Context\(\))\s*,\s*[^)\n]*\)|\.All\(\s*ctx\s*(?:,\s*&\w+\s*)?\))",
        LIMITS,
        ALL,
    ),
    review(
        Practice::UnboundedList,
        GO,
        r"(?m)(?P<what>\.Find\(&(?:\w*s|out|list|all|result|rows|items)\))(?:\.Error)?(?:;| *$)",
        r"(?i)\blimit|pagina|page_?size|per_?page|\btake\b|\boffset|\bIN\b|_?ids\b|FindInBatches",
        ALL,
    ),
    review(
        Practice::UnboundedList,
        PYTHON,
        r"(?P<what>\.scalars\([^()\n]*(?:\([^()\n]*\))?[^()\n]*\)\.all\(\)|\.fetchall\(\)|\.fetch_all\(|\.mappings\(\)\.all\(\)|\.to_list\(\s*(?:length\s*=\s*)?None)",
        LIMITS,
        ALL,
    ),
    review(
        Practice::PageSize,
        SCRIPT,
        r"(?:const|let)\s+(?P<what>(?:limit|take|pageSize|perPage|size|pageLimit))\s*=\s*[^;]*\b\w+\??\.(?:limit|take|size|pageSize|perPage)\b[^;]*;",
        r"Math\.min|@Max\(|\.max\(|maximum",
        "`{}` comes from the caller and has no maximum",
    ),
];
