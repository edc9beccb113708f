//! Services in Python.

use super::check;
use crate::model::facts::Practice;

#[test]
fn values_that_python_computes_or_accepts_wrongly_are_found() {
    check(&[
        (
            Practice::SharedState,
            "models.py",
            "created_at = Column(DateTime, default=datetime.now())\n",
            "created_at = Column(DateTime, default=datetime.now)\n",
        ),
        (
            Practice::MoneyType,
            "models.py",
            "total_amount = Column(Float, nullable=False)\n",
            "total_amount = Column(Numeric(12, 2), nullable=False)\n",
        ),
        (
            Practice::Blocking,
            "routes.py",
            "@router.get(\"/orders\")\nasync def orders(db: Session = Depends(get_db)):\n    return db.query(Order).first()\n",
            "@router.get(\"/orders\")\ndef orders(db: Session = Depends(get_db)):\n    return db.query(Order).first()\n\n@router.get(\"/all\")\nasync def all(db: AsyncSession = Depends(get_db)):\n    return await db.scalar(one)\n",
        ),
        (
            Practice::Leak,
            "handlers.py",
            "async def handle(data):\n    db = SessionLocal()\n    store(db, data)\n    db.close()\n",
            "def get_db():\n    db = SessionLocal()\n    try:\n        yield db\n    finally:\n        db.close()\n",
        ),
        (
            Practice::ErrorResponse,
            "routes.py",
            "raise HTTPException(\"user_id is missing\")\n",
            "raise HTTPException(400, \"user_id is missing\")\n",
        ),
        (
            Practice::NumberRange,
            "schemas.py",
            "class Product(BaseModel):\n    price: float = Field(...)\n",
            "class Product(BaseModel):\n    price: float = Field(..., ge=0)\n",
        ),
        (
            Practice::TextLength,
            "schemas.py",
            "class OrderRequest(BaseModel):\n    product_ids: List[int]\n",
            "class OrderRequest(BaseModel):\n    product_ids: List[int] = Field(max_length=100)\n",
        ),
    ]);
}
