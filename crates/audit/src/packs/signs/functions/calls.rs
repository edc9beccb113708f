//! The calls of each language that read, write, publish, call another service, or repeat.

use std::sync::OnceLock;

use regex::Regex;

use super::super::ascii::ascii;
use super::steps::StepKind;

/// Patterns of one language.
pub(super) struct Calls {
    /// Suffixes of paths.
    pub(super) ends: &'static [&'static str],
    read: &'static str,
    write: &'static str,
    publish: &'static str,
    remote: &'static str,
    exists: &'static str,
    /// The line above a repeated block.
    looped: &'static str,
    compiled: OnceLock<Option<Compiled>>,
}

struct Compiled {
    steps: Vec<(StepKind, Regex)>,
    looped: Regex,
}

impl Calls {
    const fn new(
        ends: &'static [&'static str],
        looped: &'static str,
        [read, write, publish, remote, exists]: [&'static str; 5],
    ) -> Self {
        Self {
            ends,
            read,
            write,
            publish,
            remote,
            exists,
            looped,
            compiled: OnceLock::new(),
        }
    }

    fn compiled(&self) -> Option<&Compiled> {
        self.compiled
            .get_or_init(|| {
                let steps = [
                    (StepKind::Read, self.read),
                    (StepKind::Write, self.write),
                    (StepKind::Publish, self.publish),
                    (StepKind::Remote, self.remote),
                    (StepKind::Exists, self.exists),
                ];
                Some(Compiled {
                    steps: steps
                        .into_iter()
                        .map(|(kind, pattern)| Some((kind, ascii(pattern)?)))
                        .collect::<Option<_>>()?,
                    looped: ascii(self.looped)?,
                })
            })
            .as_ref()
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = (StepKind, &Regex)> {
        self.compiled()
            .into_iter()
            .flat_map(|compiled| compiled.steps.iter().map(|(kind, regex)| (*kind, regex)))
    }

    /// Whether the last line of a text is inside a loop of the text.
    pub(super) fn is_repeated(&self, text: &str) -> bool {
        let Some(compiled) = self.compiled() else {
            return false;
        };
        let mut lines = text.lines().rev();
        let Some(own) = lines.next() else {
            return false;
        };
        let depth = |line: &str| line.len() - line.trim_start().len();
        let mut limit = depth(own);
        for line in lines {
            if line.trim().is_empty() || depth(line) >= limit {
                continue;
            }
            if compiled.looped.is_match(line) {
                return true;
            }
            limit = depth(line);
        }
        false
    }
}

const FOR: &str =
    r"^\s*(?:\}\s*)?(?:(?:foreach|for)\b(?:\s*\(\s*[^;\s]|\s+\w)|while\b\s*\(\s*[^)1t])";

pub(super) static LANGUAGES: [Calls; 8] = [
    Calls::new(
        &[".php"],
        FOR,
        [
            r"(?:->(?:query|prepare|fetch\w*|find\w*|first|firstOrFail)|\b[A-Z]\w*::(?:find\w*|where\w*|first\w*)|\bDB::(?:select|table)|\bmysqli_query)\(",
            r#"(?:(?:->|\b)(?:prepare|query|exec|execute|statement|mysqli_query)\(\s*(?:\$\w+\s*,\s*)?["'](?i:insert|update|delete)\b|\b[A-Z]\w*::(?:create|insert\w*|updateOrCreate|destroy)\(|\$\w+(?:->\w+)*->(?:save|saveOrFail|create|createMany|persist|increment|decrement|attach|sync|insertGetId|forceDelete)\()"#,
            r"\bevent\(\s*new\b|\bdispatch\(\s*new\b|(?:->|::)dispatch\w*\(|->basic_publish\(|\bpublish\w*\(|->publish\w*\(|->notify\(|\$this->(?:send|notify|publish|dispatch|emit)[A-Z]\w*\(|\bMail::(?:to|send|queue)\(|\bmail\(|->produce\w*\(",
            r#"\bHttp::(?:with\w+\([^)\n]*\)->)?(?:get|post|put|patch|delete|acceptJson)\(|\bcurl_exec\(|\bfile_get_contents\(\s*["']https?:|[cC]lient->(?:request|post|get|put|delete)\("#,
            r"->exists\(\)|->doesntExist\(\)|\b[A-Z]\w*::where\([^;\n]*->(?:first|count)\(\)",
        ],
    ),
    Calls::new(
        &[".rb"],
        r"\.(?:each|map|each_with_index|find_each|in_batches|times|flat_map|collect)\b.*(?:\bdo|\{)\s*(?:\|[^|]*\|)?\s*$|^\s*for\b",
        [
            r"\b[A-Z]\w*\.(?:find|find_by\w*!?|where|first|pluck|count)\b|\b(?:DB|db|@?conn\w*|@?db)\.(?:exec\w*|query)\b",
            r#"\b(?:DB|db|@?conn\w*|@?db|client)\.(?:exec\w*|query|execute)\(?\s*["'](?i:insert|update|delete)\b|\b[A-Z]\w*\.(?:create!?|insert\w*!?|upsert\w*|delete_all|destroy_all|update_all)\b|(?:^|\s)@?[a-z]\w*\.(?:save!?|update!?|update_attributes!?|destroy!?|increment!|decrement!|create_\w+!?)(?:\b|\()"#,
            r"\.publish\b|\.deliver_(?:now|later)\b|\.deliver!?$|\.perform_(?:async|later|in)\b|\.produce\w*\b|\.deliver_message\b",
            r"\bNet::HTTP\.\w+|\bHTTParty\.\w+|\bFaraday\.\w+|\bRestClient\.\w+|\bStripe::\w+\.\w+|\bHTTP\.(?:get|post)",
            r"\b[A-Z]\w*\.(?:exists\?|find_by\w*|where\([^)\n]*\)\.(?:exists\?|any\?|first))",
        ],
    ),
    Calls::new(
        &[".cs"],
        FOR,
        [
            r#"\b_?\w*(?i:context|db|repo|repository|collection)\w*(?:\.\w+)*?\.(?:Find\w*|First\w*|Single\w*|Get\w*|Query\w*|Load\w*)\("#,
            r#"\bSaveChanges(?:Async)?\(|\.(?:InsertOne|InsertMany|UpdateOne|ReplaceOne|DeleteOne)(?:Async)?\(|\b_?\w*[rR]epo\w*\.(?:Add|Insert|Create|Update|Save|Delete|Remove)\w*\(|\.Execute(?:Async)?\(\s*[$@]*"(?i:insert|update|delete)\b"#,
            r"\.(?:Publish|PublishAsync|ProduceAsync|BasicPublish|BasicPublishAsync|SendEmailAsync|SendMailAsync|SendMessageAsync|Enqueue)(?:<[^>\n]*>)?\(",
            r"\b_?\w*[cC]lient\w*\.(?:PostAsync|PutAsync|SendAsync|GetAsync|DeleteAsync|PostAsJsonAsync|GetFromJsonAsync|GetStringAsync)(?:<[^>\n]*>)?\(",
            r"\.(?:Any|AnyAsync|ExistsAsync|Exists)\(|\bFindBy(?:Email|Name)Async\(",
        ],
    ),
    Calls::new(
        &[".java", ".kt"],
        r"^\s*(?:\}\s*)?(?:for\b\s*\(\s*[^;\s]|while\b\s*\(\s*\w+\.\w)|\.(?:forEach|map|flatMap|stream)\s*[({].*[{(>]\s*$",
        [
            r"\b\w*(?i:repository|repo|dao|mapper)\w*\.(?:find|get|count|select|load|query)\w*\(|\b\w+\.find(?:By\w+|All\w*|One)\(|\bjdbc\w*\.query\w*\(",
            r"\b\w+\.(?:save|saveAll|saveAndFlush|persist|merge|deleteById)\(|\b\w*(?i:repository|repo|dao|mapper)\w*\.(?:insert|update|delete|create|add)\w*\(|\bjdbc\w*\.(?:update|execute)\(",
            r"\b\w*(?i:template|kafka|rabbit|producer|publisher|streambridge|mailsender|emailservice|mailer)\w*\.(?:send\w*|convertAndSend|publish\w*|emit)\(",
            r"\b\w*(?i:resttemplate|restclient|webclient|client|feign)\w*\.(?:post\w*|put\w*|exchange|call|charge|pay|reserve|create\w*|purchase|(?:get|find|fetch|check|validate|update|decrease|reduce|deduct|send|notify)[A-Z]\w*)\(|\brest\.(?:post|put|get|exchange)\w*\(",
            r"\.exists(?:By\w+)?\(|\.find(?:By\w+)\([^;\n]*\)\.isPresent\(\)|\.countBy\w+\(",
        ],
    ),
    Calls::new(
        &[".py"],
        r"^\s*(?:async\s+)?for\b.*:\s*$",
        [
            r#"\.objects\.(?:get|filter|exclude|first)\(|\b(?:session|db|self\.db|self\.session)\.(?:query|scalar\w*|get|execute)\(|\.execute\(\s*f?["']{1,3}\s*(?i:select)\b|\.find_one\(|\.get_by_\w+\(|\b(?:self\.)?_?\w*(?i:repo|repository|dao|crud)\.(?:get|find|fetch|list|load)\w*\("#,
            r#"\b\w+\.objects\.(?:create|update|bulk_create)\(|\b\w+\.(?:insert_one|insert_many|update_one|replace_one|delete_one)\(|\.execute\(\s*f?["']{1,3}\s*(?i:insert|update|delete)\b|\b\w+\.save\(\)|\b(?:session|db|self\.db|self\.session|conn)\.commit\(|\b\w+\.delete\(\)|\b(?:self\.)?_?\w*(?i:repo|repository|dao|crud)\.(?:create|add|insert|save|update|delete|remove)\w*\("#,
            r"\.delay\(|\.apply_async\(|\.basic_publish\(|\.publish\w*\(|\bproducer\.(?:send|produce)\w*\(|\bpublish\w*\(|\bsend_mail\(|\.send_task\(|\.sendmail\(",
            r"\brequests\.(?:get|post|put|delete|patch)\(|\bhttpx\.(?:get|post|put|delete)\(|\b\w*client\.(?:post|put|patch)\(|\bawait\s+(?:self\.)?_?\w*client\.\w+\(|\bstripe\.\w+\.create\(",
            r"\.exists\(\)|\.filter(?:_by)?\([^\n]*\)\.(?:first|count|one_or_none)\(\)|\bget_\w+_by_(?:email|name|username|slug|code|sku)\(|\.get_by_(?:email|name|username|slug|code|sku|phone|login)\(|\.find_one\(",
        ],
    ),
    Calls::new(
        &[".ts", ".js", ".mjs"],
        r"^\s*(?:\}\s*)?(?:for\b\s*(?:await\s*)?\(\s*[^;\s])|\.(?:forEach|map)\(\s*(?:async|await)",
        [
            r"\bawait\s+(?:this\.)?(?:[A-Z]\w*|\w*(?i:repo\w*|model|prisma|db|collection|pool|dao|store)\w*)(?:\.\w+)*?\.(?:find\w*|get\w*|query|count\w*)\(",
            r#"\b(?:this\.)?(?:[A-Z]\w*|\w*(?i:repo\w*|model|prisma|collection|dao)\w*)(?:\.\w+)*?\.(?:save|create|insert\w*|update\w*|delete\w*|remove|destroy|upsert|findByIdAndUpdate|findOneAndUpdate|increment|decrement)\(|\.query\(\s*["'`]\s*(?i:insert|update|delete)\b"#,
            r"\.sendToQueue\(|\b\w*(?i:client|broker|bus|kafka|rabbit|nats|publisher|producer|event\w*)\w*\.(?:emit|publish\w*|send)\(|\b\w*[qQ]ueue\.add\(|\.sendMail\(|\.sendMessage\(|\bchannel\.publish\(",
            r"\baxios(?:\.(?:get|post|put|delete|patch))?\(|\bfetch\(|\bthis\.http\w*\.(?:post|get|put|delete)\(|\b(?:firstValueFrom|lastValueFrom)\(|\bstripe\.\w+(?:\.\w+)*\(",
            r"\bawait\s+(?:this\.)?\w+(?:\.\w+)*?\.(?:exists|existsBy|findOne(?:By)?|findUnique|findFirst|findBy\w+|countDocuments)\(\s*\{?[^;\n]*(?i:email|username|name|slug|code|phone)",
        ],
    ),
    Calls::new(
        &[".go"],
        r"^\s*for\s+(?:\w+,\s*\w+\s*:?=\s*range\b|\w+\s*:=\s*\d|\w+(?:\.\w+)*\.Next\()",
        [
            r"(?i:\b(?:\w+\.)*(?:db|tx|conn|pool|\w*repo\w*|\w*store|dao|coll\w*|\w*model|queries|q))\.(?:QueryRow\w*|Query\w*|First|Find\w*|Take|Get\w*|FindOne\w*)\(",
            r#"(?i:\b(?:\w+\.)*(?:db|tx|conn|pool|dao))\.(?:Exec|ExecContext)\(\s*(?:[\w.()]+,\s*)?["`]\s*(?i:insert|update|delete)\b|(?i:\b(?:\w+\.)*(?:db|\w*repo\w*|\w*store|dao|coll\w*|\w*model|\w*repositor(?:y|ies)|queries))\.(?:(?:Query|Exec|Db|DB)?(?:Create|Save|Update|Delete|Insert|Add)\w*)\("#,
            r"\b(?:\w+\.)*\w*(?i:producer|publisher|writer|broker|bus|ch|channel|queue|nats|js)\w*\.(?:Publish\w*|WriteMessages|SendMessage\w*|Produce\w*|Enqueue\w*|Emit)\(|\bgo publish\w*\(|\bgo \w+\.[pP]ublish\w*\(",
            r"\bhttp\.(?:Get|Post|PostForm)\(|\b\w*[cC]lient\.(?:Do|Post|Get)\(|\b(?:\w+\.)*\w*(?:[pP]roduct|[oO]rder|[uU]ser|[pP]ayment|[iI]nventory|[sS]tock|[cC]art|[cC]ustomer|[aA]ccount|[cC]atalog|[sS]hipping|[nN]otification|[aA]uth|[gG]rpc)\w*(?:[cC]lient|Cli|[rR]pc|RPC)\.[A-Z]\w*\(\s*(?:\w*ctx|\w+\.ctx|context\.|\w+\.Context\()",
            r"(?i:\b(?:\w+\.)*(?:\w*repo\w*|\w*store|db|dao|queries))\.(?:Exists\w*|(?:Query)?(?:Get|Find)\w*By(?:Email|Name|Username|UserID|UserId))\(|\b\w{1,3}\.(?:Get|Find)\w*By(?:Email|Username|Name)\(",
        ],
    ),
    Calls::new(
        &[".rs"],
        r"^\s*(?:'\w+:\s*)?for\b",
        [
            r##"\bquery(?:_as|_scalar)?(?:!|::<[^()\n]*>)?\(\s*(?:\w+,\s*)?r?#?"\s*(?i:select)\b|\b(?:\w+\.)*\w*(?i:repo|repository|store|db)\w*(?:\.|::)(?:find|get|fetch|load)\w*\("##,
            r##"\bquery(?:_as|_scalar)?(?:!|::<[^()\n]*>)?\(\s*(?:\w+,\s*)?r?#?"\s*(?i:insert|update|delete)\b|\b(?:\w+\.)*\w*(?i:repo|repository|store)\w*(?:\.|::)(?:create|insert|save|update|delete|add)\w*\("##,
            r"\b(?:\w+\.)*\w*(?i:producer|publisher|broker|bus|channel|mailer|nats)\w*\.(?:send|publish|basic_publish|emit|enqueue)\w*\(",
            r"\breqwest::\w+\(|\b(?:\w+\.)*\w*client\.(?:post|put|patch)\(",
            r"\b(?:\w+\.)*\w*(?i:repo|repository|store|db)\w*(?:\.|::)(?:exists\w*|(?:find|get)_\w*by_(?:email|name|username))\(",
        ],
    ),
];
