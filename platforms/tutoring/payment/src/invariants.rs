use seaworthy::data::Invariants;

/// The invariants of `docs/tutoring/invariants.md`: the name, and a query that counts violations.
pub const INVARIANTS: Invariants = Invariants(&[
    (
        "wallet_is_sum_of_ledger",
        "SELECT COUNT(*) FROM coin_wallets w WHERE w.balance <> (SELECT COALESCE(SUM(t.amount), 0) FROM coin_transactions t WHERE t.student_id = w.student_id)",
    ),
    (
        "reserved_coins_belong_to_open_payments",
        "SELECT COUNT(*) FROM coin_wallets w WHERE w.reserved <> (SELECT COALESCE(SUM(p.coins), 0) FROM payments p WHERE p.student_id = w.student_id AND p.coin_state = 'reserved')",
    ),
    (
        "only_open_payments_hold_coins_and_discounts",
        "SELECT COUNT(*) FROM payments WHERE status NOT IN ('initiated', 'processing') AND (coin_state = 'reserved' OR discount_state = 'reserved')",
    ),
    // A receipt is the ID of its payment without hyphens.
    (
        "paid_coins_are_spent_once",
        "SELECT COUNT(*) FROM payments p WHERE p.coins > 0 AND p.status = 'succeeded' AND (p.coin_state <> 'spent' OR (SELECT COUNT(*) FROM coin_transactions t WHERE t.student_id = p.student_id AND t.type = 'redeem' AND t.amount = -p.coins AND REPLACE(t.reference_id, '-', '') = p.receipt) <> 1)",
    ),
    (
        "success_has_money_of_the_provider",
        "SELECT COUNT(*) FROM payments WHERE status IN ('succeeded', 'refunded') AND (provider_payment_id IS NULL OR order_id IS NULL OR confirmed_at IS NULL)",
    ),
    (
        "captured_money_is_used_once",
        "SELECT COUNT(*) FROM unexpected_captures c WHERE EXISTS (SELECT 1 FROM payments p WHERE p.provider_payment_id = c.provider_payment_id AND p.status IN ('succeeded', 'refunded'))",
    ),
    (
        "processed_refunds_end_payments",
        "SELECT COUNT(*) FROM refunds r JOIN payments p ON p.provider_payment_id = r.provider_payment_id WHERE r.state = 'processed' AND p.status <> 'refunded' AND NOT EXISTS (SELECT 1 FROM unexpected_captures c WHERE c.provider_payment_id = r.provider_payment_id)",
    ),
    (
        "processed_refunds_end_captures",
        "SELECT COUNT(*) FROM refunds r JOIN unexpected_captures c ON c.provider_payment_id = r.provider_payment_id WHERE r.state = 'processed' AND c.state <> 'refunded'",
    ),
    (
        "unpaid_coins_are_not_spent",
        "SELECT COUNT(*) FROM payments WHERE status NOT IN ('succeeded', 'refunded') AND coin_state = 'spent'",
    ),
]);
