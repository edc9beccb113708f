use seaworthy::data::prelude::*;
use tutoring_contract::Territory;
use tutoring_identity::territory;

/// The place of a pincode.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Place {
    pub(crate) pincode: String,
    pub(crate) city: String,
    #[from_row(with = territory)]
    pub(crate) territory: Territory,
}

impl Place {
    pub(crate) async fn of_pincode(
        connection: &dyn Connection,
        pincode: &str,
    ) -> DataResult<Option<Self>> {
        sql!("SELECT pincode, city, state, district, zone, locality FROM pincodes WHERE pincode = {pincode}")
            .fetch_optional(connection)
            .await
    }

    /// Inserts places. Existing pincodes are not changed.
    pub(crate) async fn insert_all(connection: &dyn Connection, places: &[Self]) -> DataResult<()> {
        let rows = places.iter().map(|place| {
            let Territory {
                state,
                district,
                zone,
                locality,
            } = place.territory.clone();
            [
                place.pincode.clone().into(),
                place.city.clone().into(),
                state.into(),
                district.into(),
                zone.into(),
                locality.into(),
            ]
        });
        insert_or_ignore!(
            "pincodes (pincode, city, state, district, zone, locality) VALUES (?, ?, ?, ?, ?, ?)**"
        )
        .bind_rows(rows)
        .apply(connection)
        .await
    }
}
