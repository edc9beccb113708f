//! Mistakes with NestJS, RxJS and TypeORM that a compiler accepts.

use super::{SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

const COLD: &str = "no code subscribes to `{}…)`, so the request is never sent";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::Stub,
        &[".ts"],
        r"(?m)^[ \t]*(?P<what>this\.\w*[hH]ttp\w*\.(?:get|post|put|patch|delete|request)(?:<[^>\n]*>)?)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\);",
        r"axiosRef",
        COLD,
    ),
    review(
        Practice::Stub,
        &[".ts"],
        r"(?m)^[ \t]*(?P<what>this\.\w*(?i:client|proxy)\w*\.send)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\);",
        "",
        COLD,
    ),
    review(
        Practice::Stub,
        SCRIPT,
        r"(?P<what>`(?:https?://|\$\{[^{}`]*\})(?:[^`{}$]|\$\{[^{}`]*\})*[\w/]\}(?:[^`{}$]|\$\{[^{}`]*\})*`)",
        "",
        "the URL `{}` contains an unmatched brace",
    ),
    inside(
        Practice::ErrorResponse,
        &[".ts"],
        r"(?P<what>@Res\(\))",
        r"return (?:await )?this\.",
        r"passthrough",
        "with `{}` the framework does not send the returned value, so the request hangs",
    ),
    review(
        Practice::IgnoredError,
        &[".ts"],
        r"(?m)^[ \t]+(?:public |private |protected )?[a-z]\w*\([^{;]*\):\s*(?:string \| )?Promise<[^{;]*\{\s*try\s*\{\s*(?P<what>return this\.[\w.]+\()",
        "",
        "`{}…)` returns the promise, so the `catch` below never sees its failure",
    ),
    Sign {
        elsewhere: r"(?i)whitelist\s*:\s*true",
        ..review(
            Practice::MassAssignment,
            &[".ts"],
            r"\.(?:create|save|insert|merge)\(\s*\{\s*\.\.\.(?P<what>\w*(?i:request|dto|body|payload|input))\b",
            "",
            "the caller can set every field of the record through `{}`",
        )
    },
    review(
        Practice::SharedState,
        &[".ts"],
        r"=\s*await [\w.]+\.findOne(?:By|OrFail|ByOrFail)?\([\s\S]{0,500}?(?P<what>\.merge\(|\.preload\(|Object\.assign\()[\s\S]{0,300}?\.save\(",
        r"(?i)version|\block\b|pessimistic|optimistic",
        "the record is read, changed by `{}…)` and stored as a whole, so a parallel change is lost",
    ),
    review(
        Practice::InternalError,
        &[".ts"],
        r"new \w+Exception\(\s*[^()]*?,\s*(?P<what>err|error|e)\s*,?\s*\)",
        r"\bcause\b",
        "`{}` is the description of the response, so the client gets the inner error",
    ),
    review(
        Practice::UnsafeInput,
        &["client.ts", "service.ts", "adapter.ts"],
        r"\.(?:get|post|put|patch|delete)(?:<[^>\n]*>)?\(\s*`\$\{[^}]*(?i:url|host|base)[^}]*\}/(?:[^`$]|\$\{[^}]*\})*?(?P<what>\$\{\s*\w*(?i:id|name|slug|code)\s*\})",
        r"encodeURIComponent|ParseIntPipe|ParseUUIDPipe",
        "`{}` becomes part of the URL unchanged, and `../` reaches other routes",
    ),
    review(
        Practice::SampleData,
        &["app.controller.ts"],
        r"(?P<what>\bgetHello\(\))",
        "",
        "`{}` is the sample route of the generator",
    ),
    Sign {
        elsewhere: r"@Catch\(",
        ..review(
            Practice::ErrorResponse,
            &[
                ".service.ts",
                ".usecase.ts",
                ".use-case.ts",
                ".controller.ts",
            ],
            r"(?P<what>throw new Error)\(\s*['\x22`][^'\x22`\n]*(?i:not found|invalid|already|unauthori|forbidden|denied|must |cannot|required|does not exist)",
            r"\bextends Error\b",
            "`{}` answers a mistake of the caller with an error 500",
        )
    },
    inside(
        Practice::DroppedMessage,
        SCRIPT,
        r"\bdefault:\s*(?:\{\s*)?(?P<what>(?:this\.)?(?:console|\w*[lL]og\w*)\.\w+)\([^;]*\);?\s*(?:break;?\s*|return;?\s*)?\}",
        r"(?i)routingKey|\b(?:msg|message|event|payload)\.(?:type|event|kind|name|topic)|\bswitch\s*\(\s*(?:topic|pattern|eventType|type)\b",
        r"nack|reject|throw|dead",
        "an unknown message is acknowledged, and only a log shows it (`{}`)",
    ),
    review(
        Practice::UncheckedValue,
        &[".ts"],
        r"@(?:RabbitSubscribe|RabbitRPC|EventPattern|MessagePattern|SubscribeMessage|KafkaListener|OnEvent)\((?:[^()]|\([^()]*\))*\)\s*(?:@\w+\([^)]*\)\s*)*(?:public\s+)?(?:async\s+)?\w+\(\s*(?:@\w+\([^)]*\)\s*)?(?P<what>\w+\s*:\s*any)\b",
        r"safeParse|\.parse\(|validate\w*\(|plainTo",
        "no code checks the fields of the message `{}`",
    ),
    // The server of NestJS acknowledges before the handler runs, unless `noAck` is false.
    inside(
        Practice::Acknowledgement,
        &[".ts"],
        r"\b(?:connectMicroservice|createMicroservice)(?:<[^>\n]*>)?\((?:[^;]|\n){0,120}?transport:\s*(?P<what>Transport\.RMQ)\b",
        r"\bfunction\b|=>",
        r"noAck:\s*(?:false|\w+\.)",
        "without `noAck: false` the consumer of `{}` acknowledges each message before it is processed",
    ),
    Sign {
        elsewhere: r"(?i)whitelist\s*:\s*true",
        ..review(
            Practice::MassAssignment,
            &["main.ts"],
            r"(?P<what>\bnew ValidationPipe\()",
            r"whitelist",
            "`{}…)` keeps fields that the class does not declare, because `whitelist` is not set",
        )
    },
    review(
        Practice::Stub,
        &["controller.ts"],
        r"@(?:Post|Put|Patch)\([^)\n]*\)\s*(?:@\w+\((?:[^()\n]|\([^()\n]*\))*\)\s*)*(?:async\s+)?\w+\(\s*(?P<what>\w+\s*:\s*\w+)\s*[,)]",
        "",
        "the parameter `{}` has no decorator, so the framework does not bind the body to it",
    ),
    review(
        Practice::UncheckedLookup,
        SCRIPT,
        r"\b(?:const|let)\s*\{(?P<what>[^{}=\n]*)\}\s*=\s*await\s+[\w.]+\.(?:findOne\w*|findUnique|findFirst|findById\w*|findBy\w+)\(",
        "",
        "`{}` are read from a record that may not exist",
    ),
    review(
        Practice::LocalAddress,
        &[".ts"],
        r"\btransport:\s*(?P<what>Transport\.(?:REDIS|NATS|RMQ|MQTT|TCP))\s*,?\s*\}",
        "",
        "`{}` has no address, so the service connects to localhost",
    ),
    review(
        Practice::Stub,
        &["service.ts"],
        r"(?m)^[ \t]+(?:async )?(?P<what>(?:create|update|delete|remove|send|process|handle|save|cancel)\w*)\([^()\n]*\)(?:\s*:\s*[^{\n]+)?\s*\{\s*\}",
        "",
        "`{}` has no code, and its callers see success",
    ),
];
