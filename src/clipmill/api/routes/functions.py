"""What can be asked for: the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from clipmill.api.access import JobsReader
from clipmill.api.answers import problems, tagged
from clipmill.api.desk import Desk, Here
from clipmill.api.intake import function_of
from clipmill.api.shapes import FunctionList, FunctionView, NeedsView
from clipmill.errors import NotFoundError, UnknownJobTypeError
from clipmill.function.results import Result
from clipmill.functions.schemas import request_schema, result_schema, schema_of_result

router = APIRouter(prefix="/v1/functions", tags=["functions"])


@router.get("", responses=problems(), response_model=FunctionList)
def list_functions(request: Request, caller: JobsReader, desk: Here) -> Response:
    """List the functions and workflows on offer."""
    del caller
    names = [*desk.service.catalogue, *desk.service.planners]
    return tagged(request, FunctionList(functions=[_view(desk, name) for name in names]))


@router.get("/{name}", responses=problems(404), response_model=FunctionView)
def get_function(
    request: Request, caller: JobsReader, desk: Here, name: Annotated[str, Path(max_length=100)]
) -> Response:
    """Tell one function."""
    del caller
    try:
        return tagged(request, _view(desk, name))
    except UnknownJobTypeError as fault:
        raise NotFoundError(fault.message) from None


def _view(desk: Desk, name: str) -> FunctionView:
    function = function_of(desk.service, name)
    is_workflow = name in desk.service.planners
    return FunctionView(
        name=name,
        summary=function.summary,
        version=function.version,
        needs=NeedsView.model_validate(function.needs, from_attributes=True),
        request=request_schema(function),
        result=schema_of_result(Result) if is_workflow else result_schema(function),
    )
