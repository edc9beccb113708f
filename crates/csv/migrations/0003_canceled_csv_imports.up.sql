UPDATE csv_imports SET status = 'canceled' WHERE status = 'cancelled';
