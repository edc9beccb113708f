//! WebSockets and Socket.IO: identities that the client chooses, connections without a valid token,
//! and rooms of one process.

use super::{ONE_FUNCTION, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::CallerIdentity,
        SCRIPT,
        r"(?P<what>\bhandshake\.(?:query|auth)(?:\?)?\.(?:userId|user_id|uid|username|tenantId))\b",
        r"verify|decode|validateToken",
        "the client chooses its identity (`{}`), and no code verifies it",
    ),
    inside(
        Practice::CallerIdentity,
        SCRIPT,
        r"(?m)^[ \t]*(?:async\s+)?(?P<what>handleConnection)\(",
        r"(?i)verify|decode|validate",
        r"disconnect\(|\bthrow\b|next\(|\.close\(",
        "`{}` never disconnects a client whose token is not valid",
    ),
    Sign {
        elsewhere: r"(?i)createAdapter|redis-?adapter|RedisIoAdapter|socket\.io-redis|cluster-adapter|mongo-adapter|redis-emitter",
        ..review(
            Practice::MemoryState,
            SCRIPT,
            r"(?P<what>@WebSocketGateway\(|\bnew (?:Server|SocketIOServer|SocketServer)\(\s*\w*[sS]erver)",
            "",
            "events reach the clients of one replica only, because no adapter connects the replicas (`{}…)`)",
        )
    },
    review(
        Practice::LooseOrigin,
        SCRIPT,
        r"@WebSocketGateway\([^)]*?(?P<what>\bcors\s*:\s*(?:true|\{[^}]*?\borigin\s*:\s*(?:['\x22]\*['\x22]|true|\[\s*['\x22]\*['\x22]\s*\])))",
        "",
        "pages of every origin connect to the socket (`{}`)",
    ),
    inside(
        Practice::Blocking,
        SCRIPT,
        r"(?P<what>\bawait (?:setTimeout|sleep|delay|wait)\(\s*\d[\d_]{3,})",
        ONE_FUNCTION,
        r"(?i)retr|attempt|backoff|while|reconnect|connect",
        "each request waits for a fixed time (`{}`)",
    ),
];
