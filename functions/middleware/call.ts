import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Principal } from '../core/authorize.ts';
import type { Route } from '../routes.ts';

/** A request as API Gateway hands it on, and what it wants back. */
export type Call = APIGatewayProxyEventV2;
export type Response = APIGatewayProxyStructuredResultV2;

/** What the steps before the answer found out. */
export interface CallContext extends Context {
  route?: Route;
  principal?: Principal;
}

export type Step = MiddlewareObj<Call, Response, Error, CallContext>;
