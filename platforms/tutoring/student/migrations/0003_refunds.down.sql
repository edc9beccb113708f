DROP TABLE my_payments;
