UPDATE csv_imports SET status = 'cancelled' WHERE status = 'canceled';
