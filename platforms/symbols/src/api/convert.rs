//! Conversions between messages of the contract and domain types.

use crate::contract::service::symbols::v1 as wire;
use crate::domain::{Attributes, Listed, Symbol};

impl From<wire::CreateSymbolRequest> for (Attributes, Vec<u8>) {
    fn from(request: wire::CreateSymbolRequest) -> Self {
        let attributes = Attributes {
            project_id: request.project_id,
            uid: request.uid,
            label: request.label,
            class_name: request.class_name,
            component_target: request.component_target,
            version: request.version,
        };
        (attributes, request.data)
    }
}

impl From<wire::UpdateSymbolRequest> for (Attributes, Vec<u8>) {
    fn from(request: wire::UpdateSymbolRequest) -> Self {
        let attributes = Attributes {
            project_id: request.project_id,
            uid: request.uid,
            label: request.label,
            class_name: request.class_name,
            component_target: request.component_target,
            version: request.version,
        };
        (attributes, request.data)
    }
}

impl From<Symbol> for wire::Symbol {
    fn from(symbol: Symbol) -> Self {
        let Attributes {
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
        } = symbol.attributes;
        Self {
            id: symbol.id,
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
            data: symbol.data,
        }
    }
}

impl From<(u64, Attributes)> for wire::SymbolItem {
    fn from((id, attributes): (u64, Attributes)) -> Self {
        Self {
            id,
            project_id: attributes.project_id,
            uid: attributes.uid,
            label: attributes.label,
            class_name: attributes.class_name,
            component_target: attributes.component_target,
            version: attributes.version,
        }
    }
}

impl From<Listed> for wire::ListSymbolsResponse {
    fn from(listed: Listed) -> Self {
        let pagination = wire::PaginationMeta {
            total_count: listed.total,
            offset: listed.page.offset,
            limit: listed.page.limit,
            has_next_page: listed.has_next(),
            has_previous_page: listed.has_previous(),
        };
        Self {
            symbols: listed.symbols.into_iter().map(Into::into).collect(),
            pagination: Some(pagination),
        }
    }
}
