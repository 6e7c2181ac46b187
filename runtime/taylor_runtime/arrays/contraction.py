from __future__ import annotations
from taylor_runtime.program.records import dataclass
from taylor_runtime.ir.types import Type

@dataclass(frozen=True, slots=True)
class Contraction:
    sizes: tuple[int, ...]
    a: tuple[int, ...]
    b: tuple[int, ...]
    c: tuple[int, ...]

def emit_contraction(b, element, plan, a, b_, c, add):
    summed=[k for k in range(len(plan.sizes)) if plan.c[k]==0 and plan.sizes[k]>1]
    kept=[k for k in range(len(plan.sizes)) if k not in summed]
    one=Type(element)
    def pos(p,strides,idx):
        for k,i in idx.items(): p=b.at(p,i*strides[k],element)
        return p
    def loops(axes,idx,body,carried):
        if not axes: return body(idx,carried)
        return b.fold(0,plan.sizes[axes[0]],carried,lambda i,v: loops(axes[1:],{**idx,axes[0]:i},body,v))
    def outer(idx,_):
        t=pos(c,plan.c,idx)
        start=b.load(one,t) if add else b.constant(0,one)
        def inner(idx,v):
            return [b.fma(b.load(one,pos(a,plan.a,idx)),b.load(one,pos(b_,plan.b,idx)),v[0])]
        (v,)=loops(summed,idx,inner,[start])
        b.store(b.normal(v),t)
        return []
    loops(kept,{},outer,[])
