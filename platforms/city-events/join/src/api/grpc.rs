use city_events_contract::Timestamp;
use city_events_contract::join::v1::{
    BanUserRequest, BanUserResponse, CancelJoinRequest, CancelJoinResponse,
    GetParticipationRequest, GetParticipationResponse, GetSeatsRequest, GetSeatsResponse,
    JoinRequest, JoinResponse, JoinService, KickParticipantRequest, KickParticipantResponse,
    ListOwnJoinsRequest, ListOwnJoinsResponse, ListParticipantsRequest, ListParticipantsResponse,
    ListWaitlistRequest, ListWaitlistResponse, UnbanUserRequest, UnbanUserResponse,
};
use seaworthy::prelude::*;

use super::{
    Api, current_actor,
    wire::{cursor_text, grpc_status, parse_id},
};
use crate::{
    application::JoinError,
    domain::{Cursor, IdempotencyKey, Join, JoinStatus, Limit, OwnFilter, Page, Rejection},
};

const INVALID_EVENT: &str = "invalid event_id";
const INVALID_USER: &str = "invalid user_id";

/// The gRPC implementation of the contract.
#[derive(Debug, Clone)]
pub(crate) struct GrpcService {
    api: Api,
}

impl GrpcService {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }
}

impl GrpcService {
    async fn list_by_status(
        &self,
        event: &str,
        status: JoinStatus,
        limit: u32,
        cursor: &str,
    ) -> Result<Page<Join>, JoinError> {
        let actor = current_actor()?;
        let event = parse_id(event, INVALID_EVENT)?;
        let cursor = Cursor::from_query(cursor)?;
        let limit = Limit::from_grpc(limit);
        let joins = &self.api.joins;
        joins
            .list_by_status(actor, event, status, limit, cursor)
            .await
    }
}

fn status(status: JoinStatus) -> i32 {
    grpc_status(status).into()
}

impl JoinService for GrpcService {
    async fn join(&self, request: JoinRequest) -> Result<JoinResponse, Error> {
        let actor = current_actor()?;
        let key = IdempotencyKey::new(&request.idempotency_key)?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let (joined, at) = self.api.join(actor, event, key).await?;
        Ok(JoinResponse {
            status: status(joined),
            updated_at: Some(at.into()),
        })
    }

    async fn cancel_join(&self, request: CancelJoinRequest) -> Result<CancelJoinResponse, Error> {
        let actor = current_actor()?;
        let key = IdempotencyKey::new(&request.idempotency_key)?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let (joined, at) = self.api.joins.cancel(actor, event, key).await?;
        Ok(CancelJoinResponse {
            status: status(joined),
            updated_at: Some(at.into()),
        })
    }

    async fn list_own_joins(
        &self,
        request: ListOwnJoinsRequest,
    ) -> Result<ListOwnJoinsResponse, Error> {
        let actor = current_actor()?;
        let filter = OwnFilter::from_query(&request.status, &request.from, &request.to)?;
        let cursor = Cursor::from_query(&request.cursor)?;
        let limit = Limit::from_grpc(request.limit);
        let page = self
            .api
            .joins
            .list_own(actor.id, &filter, limit, cursor)
            .await?;
        Ok(ListOwnJoinsResponse {
            next_cursor: cursor_text(page.next.as_ref()),
            items: page.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn get_participation(
        &self,
        request: GetParticipationRequest,
    ) -> Result<GetParticipationResponse, Error> {
        let actor = current_actor()?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let join = self.api.joins.participation(actor.id, event).await?;
        Ok(GetParticipationResponse {
            participation: Some(join.into()),
        })
    }

    async fn list_participants(
        &self,
        request: ListParticipantsRequest,
    ) -> Result<ListParticipantsResponse, Error> {
        let (event, cursor) = (&request.event_id, &request.cursor);
        let page = self
            .list_by_status(event, JoinStatus::Active, request.limit, cursor)
            .await?;
        Ok(ListParticipantsResponse {
            next_cursor: cursor_text(page.next.as_ref()),
            items: page.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn list_waitlist(
        &self,
        request: ListWaitlistRequest,
    ) -> Result<ListWaitlistResponse, Error> {
        let (event, cursor) = (&request.event_id, &request.cursor);
        let page = self
            .list_by_status(event, JoinStatus::Waitlisted, request.limit, cursor)
            .await?;
        Ok(ListWaitlistResponse {
            next_cursor: cursor_text(page.next.as_ref()),
            items: page.items.into_iter().map(Into::into).collect(),
        })
    }

    async fn get_seats(&self, request: GetSeatsRequest) -> Result<GetSeatsResponse, Error> {
        let actor = current_actor()?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        Ok(self.api.joins.seats(actor, event).await?.into())
    }

    async fn kick_participant(
        &self,
        request: KickParticipantRequest,
    ) -> Result<KickParticipantResponse, Error> {
        let actor = current_actor()?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let user = parse_id(&request.user_id, INVALID_USER)?;
        let reason = &request.reason;
        self.api.joins.kick(actor, event, user, reason).await?;
        Ok(KickParticipantResponse {})
    }

    async fn ban_user(&self, request: BanUserRequest) -> Result<BanUserResponse, Error> {
        let actor = current_actor()?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let user = parse_id(&request.user_id, INVALID_USER)?;
        let end = request.expires_at.map(Timestamp::try_from).transpose();
        let end = end.map_err(|_| Rejection::Invalid("invalid expires_at"))?;
        let reason = &request.reason;
        self.api.joins.ban(actor, event, user, reason, end).await?;
        Ok(BanUserResponse {})
    }

    async fn unban_user(&self, request: UnbanUserRequest) -> Result<UnbanUserResponse, Error> {
        let actor = current_actor()?;
        let event = parse_id(&request.event_id, INVALID_EVENT)?;
        let user = parse_id(&request.user_id, INVALID_USER)?;
        self.api.joins.unban(actor, event, user).await?;
        Ok(UnbanUserResponse {})
    }
}
